/*
 * How fast Hyperscan looks for the same patterns: the comparison of `cargo xtask bench scan`.
 *
 *   scan PATTERNS SECONDS NAME FILE... [-- NAME FILE...]
 *
 * PATTERNS has a name and an expression in each line, with a tab between them. All files of a name are scanned in block
 * mode, one after the other, again and again for SECONDS; what counts is the fastest round. Each pattern is reported once
 * in a file (HS_FLAG_SINGLEMATCH), as RegexSet does: the cheapest way to ask. Printed is, with tabs between the words,
 * `skipped NAME REASON` for each pattern that Hyperscan cannot compile, then `scanned NAME BYTES SECONDS MATCHES`.
 */
#define _DEFAULT_SOURCE

#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_PATTERNS = 4096, MOST_FILES = 1024 };

static char *names[MOST_PATTERNS];
static char *expressions[MOST_PATTERNS];
static unsigned flags[MOST_PATTERNS];
static unsigned ids[MOST_PATTERNS];
static unsigned patterns;

struct body {
    char *bytes;
    size_t length;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static struct body read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    struct body body = {NULL, 0};
    size_t room = 0;
    if (!file) {
        fail(path, "cannot be read");
    }
    for (;;) {
        if (body.length == room) {
            room = room ? room * 2 : 1 << 16;
            body.bytes = realloc(body.bytes, room + 1);
            if (!body.bytes) {
                fail(path, "too large");
            }
        }
        size_t count = fread(body.bytes + body.length, 1, room - body.length, file);
        if (count == 0) {
            break;
        }
        body.length += count;
    }
    fclose(file);
    body.bytes[body.length] = 0;
    return body;
}

/* Keeps the patterns that Hyperscan can compile, and says which it cannot. */
static void read_patterns(const char *path) {
    char *rest = read_file(path).bytes;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *tab = strchr(line, '\t');
        if (!tab || line[0] == '#') {
            continue;
        }
        *tab = 0;
        hs_database_t *database = NULL;
        hs_compile_error_t *error = NULL;
        if (hs_compile(tab + 1, HS_FLAG_SINGLEMATCH, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
            printf("skipped\t%s\t%s\n", line, error->message);
            hs_free_compile_error(error);
            continue;
        }
        hs_free_database(database);
        if (patterns == MOST_PATTERNS) {
            fail(path, "too many patterns");
        }
        names[patterns] = line;
        expressions[patterns] = tab + 1;
        flags[patterns] = HS_FLAG_SINGLEMATCH;
        ids[patterns] = patterns;
        patterns++;
    }
}

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned how, void *matches) {
    (void)id, (void)from, (void)to, (void)how;
    ++*(unsigned long long *)matches;
    return 0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void measure(const char *name, struct body *bodies, size_t files, double seconds, hs_database_t *database,
                    hs_scratch_t *scratch) {
    double end = now() + seconds, best = 0;
    unsigned long long bytes = 0, matches = 0;
    for (size_t file = 0; file < files; file++) {
        bytes += bodies[file].length;
    }
    do {
        double start = now();
        matches = 0;
        for (size_t file = 0; file < files; file++) {
            hs_scan(database, bodies[file].bytes, (unsigned)bodies[file].length, 0, scratch, count, &matches);
        }
        double took = now() - start;
        best = best == 0 || took < best ? took : best;
    } while (now() < end);
    printf("scanned\t%s\t%llu\t%.9f\t%llu\n", name, bytes, best, matches);
}

int main(int argc, char **argv) {
    static struct body bodies[MOST_FILES];
    hs_database_t *database = NULL;
    hs_compile_error_t *error = NULL;
    hs_scratch_t *scratch = NULL;
    if (argc < 5) {
        fail(argv[0], "PATTERNS SECONDS NAME FILE... [-- NAME FILE...]");
    }
    read_patterns(argv[1]);
    if (hs_compile_multi((const char *const *)expressions, flags, ids, patterns, HS_MODE_BLOCK, NULL, &database,
                         &error) != HS_SUCCESS) {
        fail("the patterns do not compile together", error->message);
    }
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) {
        fail("hs_alloc_scratch", "no memory");
    }
    for (int next = 3; next < argc;) {
        const char *name = argv[next++];
        size_t files = 0;
        while (next < argc && strcmp(argv[next], "--") != 0) {
            if (files == MOST_FILES) {
                fail(name, "too many files");
            }
            bodies[files++] = read_file(argv[next++]);
        }
        next++;
        measure(name, bodies, files, strtod(argv[2], NULL), database, scratch);
        while (files > 0) {
            free(bodies[--files].bytes);
        }
    }
    return 0;
}
