# The suite: its command, the policies, the compiler and the modules. `cargo xtask test` lays the files out in root/.
FROM scratch
COPY root/ /
ENTRYPOINT ["/bin/bartizan-integration"]
