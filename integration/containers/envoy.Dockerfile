# Envoy from nothing but its binary and the libraries that `ldd` names for it, for machines that reach no registry.
# `cargo xtask test` lays the files out in root/.
FROM scratch
COPY root/ /
ENTRYPOINT ["/usr/local/bin/envoy"]
