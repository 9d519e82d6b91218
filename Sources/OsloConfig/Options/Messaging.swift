extension Options {
    /// The group `[oslo_messaging_notifications]`.
    public enum OsloMessagingNotifications {
        static let group = "oslo_messaging_notifications"

        public static let driver = Option<[String]>(
            .honoured, group, "driver", default: [], type: .multi,
            help: """
                How notifications are sent: noop, log, messaging, messagingv2, routing or test. May be given \
                several times; without it none are sent.
                """)

        public static let transportUrl = Option<String?>(
            .honoured, group, "transport_url", default: nil, secret: true,
            help: "URL of the message broker for notifications; without it [DEFAULT] transport_url.")

        public static let topics = Option<[String]>(
            .honoured, group, "topics", default: ["notifications"],
            help: "Topics of notifications.")

        public static let retry = Option<Int>(
            .honoured, group, "retry", default: -1,
            help: "How often a notification that failed is sent again; -1 tries without end.")

        static var all: [OptionDeclaration] {
            [
                driver.declaration, transportUrl.declaration, topics.declaration, retry.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[oslo_messaging_rabbit]`.
    public enum OsloMessagingRabbit {
        static let group = "oslo_messaging_rabbit"

        public static let amqpDurableQueues = Option<Bool>(
            .honoured, group, "amqp_durable_queues", default: false,
            help: "Queues survive a restart of the broker.")

        public static let amqpAutoDelete = Option<Bool>(
            .honoured, group, "amqp_auto_delete", default: false,
            help: "Queues vanish with their last reader.")

        public static let rpcConnPoolSize = Option<Int>(
            .noMeaning("each process has one connection"), group, "rpc_conn_pool_size", default: 30, minimum: 1,
            help: "Most connections to the broker.")

        public static let connPoolMinSize = Option<Int>(
            .noMeaning("each process has one connection"), group, "conn_pool_min_size", default: 2,
            help: "Connections that stay open.")

        public static let connPoolTtl = Option<Int>(
            .noMeaning("each process has one connection"), group, "conn_pool_ttl", default: 1200,
            help: "Seconds after which an idle connection is closed.")

        public static let ssl = Option<Bool>(
            .honoured, group, "ssl", default: false,
            help: "Speaks TLS with the broker.")

        public static let sslVersion = Option<String>(
            .honoured, group, "ssl_version", default: "",
            help: "TLS version.")

        public static let sslKeyFile = Option<String>(
            .honoured, group, "ssl_key_file", default: "",
            help: "Private key of the client certificate.")

        public static let sslCertFile = Option<String>(
            .honoured, group, "ssl_cert_file", default: "",
            help: "Client certificate.")

        public static let sslCaFile = Option<String>(
            .honoured, group, "ssl_ca_file", default: "",
            help: "CA certificates to verify the broker with.")

        public static let sslEnforceHostnameVerification = Option<Bool>(
            .honoured, group, "ssl_enforce_hostname_verification", default: true,
            deprecated: "host names will always be verified",
            help: "Verifies that the certificate names the broker's host.")

        public static let sslEnforceFipsMode = Option<Bool>(
            .noMeaning("the system decides about FIPS mode"), group, "ssl_enforce_fips_mode", default: false,
            deprecated: "the system decides about FIPS mode",
            help: "Insists on FIPS mode.")

        public static let kombuReconnectDelay = Option<Double>(
            .honoured, group, "kombu_reconnect_delay", default: 1.0,
            help: "Seconds before a lost connection is made again.")

        public static let kombuReconnectSplay = Option<Double>(
            .honoured, group, "kombu_reconnect_splay", default: 0.0,
            help: "Random seconds on top of that.")

        public static let kombuCompression = Option<String?>(
            .notYet, group, "kombu_compression", default: nil,
            help: "Compression of messages.")

        public static let kombuMissingConsumerRetryTimeout = Option<Int>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "kombu_missing_consumer_retry_timeout",
            default: 60,
            oldNames: ["kombu_reconnect_timeout"],
            help: "Seconds to wait for somebody who reads.")

        public static let kombuFailoverStrategy = Option<String>(
            .honoured, group, "kombu_failover_strategy", default: "round-robin", choices: ["round-robin", "shuffle"],
            help: "Order in which further brokers are tried.")

        public static let rabbitLoginMethod = Option<String>(
            .honoured, group, "rabbit_login_method", default: "AMQPLAIN",
            choices: ["PLAIN", "AMQPLAIN", "EXTERNAL", "RABBIT-CR-DEMO"],
            help: "How to log in.")

        public static let rabbitRetryInterval = Option<Int>(
            .honoured, group, "rabbit_retry_interval", default: 1, minimum: 1,
            help: "Seconds before the second attempt to connect.")

        public static let rabbitRetryBackoff = Option<Int>(
            .honoured, group, "rabbit_retry_backoff", default: 2, minimum: 0,
            help: "Seconds by which that time grows with every attempt.")

        public static let rabbitIntervalMax = Option<Int>(
            .honoured, group, "rabbit_interval_max", default: 30, minimum: 1,
            help: "Most seconds between two attempts.")

        public static let rabbitHaQueues = Option<Bool>(
            .honoured, group, "rabbit_ha_queues", default: false,
            help: "Mirrors queues on brokers of old.")

        public static let rabbitQuorumQueue = Option<Bool>(
            .honoured, group, "rabbit_quorum_queue", default: false,
            help: "Declares quorum queues.")

        public static let rabbitTransientQuorumQueue = Option<Bool>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "rabbit_transient_quorum_queue",
            default: false,
            help: "Declares transient queues as quorum queues too.")

        public static let rabbitQuorumDeliveryLimit = Option<Int>(
            .honoured, group, "rabbit_quorum_delivery_limit", default: 0,
            help: "How often a quorum queue delivers a message again; 0 leaves it to the broker.")

        public static let rabbitQuorumMaxMemoryLength = Option<Int>(
            .honoured, group, "rabbit_quorum_max_memory_length", default: 0,
            help: "Messages that a quorum queue keeps in memory; 0 leaves it to the broker.")

        public static let rabbitQuorumMaxMemoryBytes = Option<Int>(
            .honoured, group, "rabbit_quorum_max_memory_bytes", default: 0,
            help: "Bytes that a quorum queue keeps in memory; 0 leaves it to the broker.")

        public static let rabbitTransientQueuesTtl = Option<Int>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "rabbit_transient_queues_ttl",
            default: 1800, minimum: 0,
            help: "Seconds after which an unused transient queue vanishes.")

        public static let rabbitQosPrefetchCount = Option<Int>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "rabbit_qos_prefetch_count", default: 0,
            help: "Messages fetched in advance; 0 is no limit.")

        public static let heartbeatTimeoutThreshold = Option<Int>(
            .honoured, group, "heartbeat_timeout_threshold", default: 60,
            help: "Seconds without a heartbeat after which the broker counts as gone; 0 turns heartbeats off.")

        public static let heartbeatRate = Option<Int>(
            .noMeaning("heartbeats are sent as often as the broker asks for"), group, "heartbeat_rate", default: 3,
            help: "Heartbeats within that time.")

        public static let directMandatoryFlag = Option<Bool>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "direct_mandatory_flag", default: true,
            deprecated: "it will always be on",
            help: "Notices when nobody waits for an answer.")

        public static let enableCancelOnFailover = Option<Bool>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "enable_cancel_on_failover", default: false,
            help: "Notices when a queue moves to another broker.")

        public static let useQueueManager = Option<Bool>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "use_queue_manager", default: false,
            help: "Gives queues names that stay the same.")

        public static let hostname = Option<String?>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "hostname", default: nil,
            help: "Host in the names of queues; without it this host.")

        public static let processname = Option<String?>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "processname", default: nil,
            help: "Process in the names of queues; without it this program.")

        public static let rabbitStreamFanout = Option<Bool>(
            .noMeaning("Glance neither serves nor makes RPC calls"), group, "rabbit_stream_fanout", default: false,
            help: "Uses streams to reach many readers.")

        static var all: [OptionDeclaration] {
            [
                amqpDurableQueues.declaration, amqpAutoDelete.declaration, rpcConnPoolSize.declaration,
                connPoolMinSize.declaration, connPoolTtl.declaration, ssl.declaration, sslVersion.declaration,
                sslKeyFile.declaration, sslCertFile.declaration, sslCaFile.declaration,
                sslEnforceHostnameVerification.declaration, sslEnforceFipsMode.declaration,
                kombuReconnectDelay.declaration, kombuReconnectSplay.declaration, kombuCompression.declaration,
                kombuMissingConsumerRetryTimeout.declaration, kombuFailoverStrategy.declaration,
                rabbitLoginMethod.declaration, rabbitRetryInterval.declaration, rabbitRetryBackoff.declaration,
                rabbitIntervalMax.declaration, rabbitHaQueues.declaration, rabbitQuorumQueue.declaration,
                rabbitTransientQuorumQueue.declaration, rabbitQuorumDeliveryLimit.declaration,
                rabbitQuorumMaxMemoryLength.declaration, rabbitQuorumMaxMemoryBytes.declaration,
                rabbitTransientQueuesTtl.declaration, rabbitQosPrefetchCount.declaration,
                heartbeatTimeoutThreshold.declaration, heartbeatRate.declaration, directMandatoryFlag.declaration,
                enableCancelOnFailover.declaration, useQueueManager.declaration, hostname.declaration,
                processname.declaration, rabbitStreamFanout.declaration,
            ]
        }
    }
}

extension Options {
    /// The group `[oslo_messaging_kafka]`.
    public enum OsloMessagingKafka {
        static let group = "oslo_messaging_kafka"

        public static let kafkaMaxFetchBytes = Option<Int>(
            .notYet, group, "kafka_max_fetch_bytes", default: 1_048_576,
            help: "Most bytes fetched at a time.")

        public static let kafkaConsumerTimeout = Option<Double>(
            .notYet, group, "kafka_consumer_timeout", default: 1.0,
            help: "Seconds that a reader waits.")

        public static let consumerGroup = Option<String>(
            .notYet, group, "consumer_group", default: "oslo_messaging_consumer",
            help: "Group of readers.")

        public static let producerBatchTimeout = Option<Double>(
            .notYet, group, "producer_batch_timeout", default: 0.0,
            help: "Seconds to collect messages before they are sent.")

        public static let producerBatchSize = Option<Int>(
            .notYet, group, "producer_batch_size", default: 16384,
            help: "Bytes to collect before messages are sent.")

        public static let compressionCodec = Option<String>(
            .notYet, group, "compression_codec", default: "none", choices: ["none", "gzip", "snappy", "lz4", "zstd"],
            help: "Compression of messages.")

        public static let enableAutoCommit = Option<Bool>(
            .notYet, group, "enable_auto_commit", default: false,
            help: "Confirms messages by itself.")

        public static let maxPollRecords = Option<Int>(
            .notYet, group, "max_poll_records", default: 500,
            help: "Most messages fetched at a time.")

        public static let securityProtocol = Option<String>(
            .notYet, group, "security_protocol", default: "PLAINTEXT",
            choices: ["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"],
            help: "Protocol for talking to the broker.")

        public static let saslMechanism = Option<String>(
            .notYet, group, "sasl_mechanism", default: "PLAIN",
            help: "How to log in by SASL.")

        public static let sslCafile = Option<String>(
            .notYet, group, "ssl_cafile", default: "",
            help: "CA certificates to verify the broker with.")

        public static let sslClientCertFile = Option<String>(
            .notYet, group, "ssl_client_cert_file", default: "",
            help: "Client certificate.")

        public static let sslClientKeyFile = Option<String>(
            .notYet, group, "ssl_client_key_file", default: "",
            help: "Private key of the client certificate.")

        public static let sslClientKeyPassword = Option<String>(
            .notYet, group, "ssl_client_key_password", default: "", secret: true,
            help: "Password of that key.")

        static var all: [OptionDeclaration] {
            [
                kafkaMaxFetchBytes.declaration, kafkaConsumerTimeout.declaration, consumerGroup.declaration,
                producerBatchTimeout.declaration, producerBatchSize.declaration, compressionCodec.declaration,
                enableAutoCommit.declaration, maxPollRecords.declaration, securityProtocol.declaration,
                saslMechanism.declaration, sslCafile.declaration, sslClientCertFile.declaration,
                sslClientKeyFile.declaration, sslClientKeyPassword.declaration,
            ]
        }
    }
}
