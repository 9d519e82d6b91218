// systemd's protocols.
