// rabbitmq-c, its calls with variable arguments in a form that Swift can call, and what it does not do about certificates.
#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Trusts the authorities that the system trusts. 0 when there are none.
static inline int glance_amqp_trust_system(amqp_socket_t *socket) {
    return SSL_CTX_set_default_verify_paths(amqp_ssl_socket_get_context(socket));
}

// Has OpenSSL compare the certificate with a name or an address: rabbitmq-c by itself knows names only. 0 when that cannot be.
static inline int glance_amqp_expect(amqp_socket_t *socket, const char *host) {
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(amqp_ssl_socket_get_context(socket));
    unsigned char address[16];
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(parameters, host);
    return X509_VERIFY_PARAM_set1_host(parameters, host, 0);
}

// Logs in by name and password.
static inline amqp_rpc_reply_t glance_amqp_login(
    amqp_connection_state_t connection, const char *virtual_host, int heartbeat, const amqp_table_t *properties,
    const char *user, const char *password) {
    return amqp_login_with_properties(
        connection, virtual_host, 0, AMQP_DEFAULT_FRAME_SIZE, heartbeat, properties, AMQP_SASL_METHOD_PLAIN, user,
        password);
}

// Logs in as whom the TLS certificate names.
static inline amqp_rpc_reply_t glance_amqp_login_external(
    amqp_connection_state_t connection, const char *virtual_host, int heartbeat, const amqp_table_t *properties) {
    return amqp_login_with_properties(
        connection, virtual_host, 0, AMQP_DEFAULT_FRAME_SIZE, heartbeat, properties, AMQP_SASL_METHOD_EXTERNAL, "");
}
