extension Options {
    /// The group `[oslo_messaging_notifications]`.
    public enum OsloMessagingNotifications {
        static let group = "oslo_messaging_notifications"

        public static let driver = Option<[String]>(
            .notYet, group, "driver", default: [], type: .multi,
            help: "noop, log, messaging, messagingv2, routing, test; multi-valued; none = silent.")

        public static let transportUrl = Option<String?>(
            .notYet, group, "transport_url", default: nil, secret: true,
            help: "Broker for notifications only.")

        public static let topics = Option<[String]>(
            .notYet, group, "topics", default: ["notifications"],
            help: "Topic names; queue is topic.priority.")

        public static let retry = Option<Int>(
            .notYet, group, "retry", default: -1,
            help: "Send retries; -1 forever, 0 none.")

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
            .notYet, group, "amqp_durable_queues", default: false,
            help: "Durable queues.")

        public static let amqpAutoDelete = Option<Bool>(
            .notYet, group, "amqp_auto_delete", default: false,
            help: "Auto-delete queues.")

        public static let rpcConnPoolSize = Option<Int>(
            .notYet, group, "rpc_conn_pool_size", default: 30, minimum: 1,
            help: "Connection pool size.")

        public static let connPoolMinSize = Option<Int>(
            .notYet, group, "conn_pool_min_size", default: 2,
            help: "Pool floor.")

        public static let connPoolTtl = Option<Int>(
            .notYet, group, "conn_pool_ttl", default: 1200,
            help: "Idle connection life.")

        public static let ssl = Option<Bool>(
            .notYet, group, "ssl", default: false,
            help: "TLS to the broker.")

        public static let sslVersion = Option<String>(
            .notYet, group, "ssl_version", default: "",
            help: "TLS version.")

        public static let sslKeyFile = Option<String>(
            .notYet, group, "ssl_key_file", default: "",
            help: "Client key.")

        public static let sslCertFile = Option<String>(
            .notYet, group, "ssl_cert_file", default: "",
            help: "Client certificate.")

        public static let sslCaFile = Option<String>(
            .notYet, group, "ssl_ca_file", default: "",
            help: "CA.")

        public static let sslEnforceHostnameVerification = Option<Bool>(
            .notYet, group, "ssl_enforce_hostname_verification", default: true,
            deprecated: "newer releases will drop it",
            help: "Check the broker's host name.")

        public static let sslEnforceFipsMode = Option<Bool>(
            .notYet, group, "ssl_enforce_fips_mode", default: false, deprecated: "newer releases will drop it",
            help: "Require FIPS mode.")

        public static let kombuReconnectDelay = Option<Double>(
            .notYet, group, "kombu_reconnect_delay", default: 1.0,
            help: "Reconnect delay.")

        public static let kombuReconnectSplay = Option<Double>(
            .notYet, group, "kombu_reconnect_splay", default: 0.0,
            help: "Random extra delay.")

        public static let kombuCompression = Option<String?>(
            .notYet, group, "kombu_compression", default: nil,
            help: "Message compression.")

        public static let kombuMissingConsumerRetryTimeout = Option<Int>(
            .notYet, group, "kombu_missing_consumer_retry_timeout", default: 60,
            oldNames: ["kombu_reconnect_timeout"],
            help: "Wait for missing consumers.")

        public static let kombuFailoverStrategy = Option<String>(
            .notYet, group, "kombu_failover_strategy", default: "round-robin", choices: ["round-robin", "shuffle"],
            help: "Order of broker hosts.")

        public static let rabbitLoginMethod = Option<String>(
            .notYet, group, "rabbit_login_method", default: "AMQPLAIN",
            choices: ["PLAIN", "AMQPLAIN", "EXTERNAL", "RABBIT-CR-DEMO"],
            help: "SASL mechanism.")

        public static let rabbitRetryInterval = Option<Int>(
            .notYet, group, "rabbit_retry_interval", default: 1, minimum: 1,
            help: "First retry pause.")

        public static let rabbitRetryBackoff = Option<Int>(
            .notYet, group, "rabbit_retry_backoff", default: 2, minimum: 0,
            help: "Pause growth.")

        public static let rabbitIntervalMax = Option<Int>(
            .notYet, group, "rabbit_interval_max", default: 30, minimum: 1,
            help: "Longest pause.")

        public static let rabbitHaQueues = Option<Bool>(
            .notYet, group, "rabbit_ha_queues", default: false,
            help: "Mirrored queues (old brokers).")

        public static let rabbitQuorumQueue = Option<Bool>(
            .notYet, group, "rabbit_quorum_queue", default: false,
            help: "Quorum queues.")

        public static let rabbitTransientQuorumQueue = Option<Bool>(
            .notYet, group, "rabbit_transient_quorum_queue", default: false,
            help: "Quorum for transient queues.")

        public static let rabbitQuorumDeliveryLimit = Option<Int>(
            .notYet, group, "rabbit_quorum_delivery_limit", default: 0,
            help: "Redelivery limit.")

        public static let rabbitQuorumMaxMemoryLength = Option<Int>(
            .notYet, group, "rabbit_quorum_max_memory_length", default: 0,
            help: "In-memory message count.")

        public static let rabbitQuorumMaxMemoryBytes = Option<Int>(
            .notYet, group, "rabbit_quorum_max_memory_bytes", default: 0,
            help: "In-memory bytes.")

        public static let rabbitTransientQueuesTtl = Option<Int>(
            .notYet, group, "rabbit_transient_queues_ttl", default: 1800, minimum: 0,
            help: "Transient queue expiry.")

        public static let rabbitQosPrefetchCount = Option<Int>(
            .notYet, group, "rabbit_qos_prefetch_count", default: 0,
            help: "Prefetch count.")

        public static let heartbeatTimeoutThreshold = Option<Int>(
            .notYet, group, "heartbeat_timeout_threshold", default: 60,
            help: "Seconds until a broker is dead.")

        public static let heartbeatRate = Option<Int>(
            .notYet, group, "heartbeat_rate", default: 3,
            help: "Checks per threshold.")

        public static let directMandatoryFlag = Option<Bool>(
            .notYet, group, "direct_mandatory_flag", default: true, deprecated: "newer releases will drop it",
            help: "RPC reply mandatory flag.")

        public static let enableCancelOnFailover = Option<Bool>(
            .notYet, group, "enable_cancel_on_failover", default: false,
            help: "Cancel consumers on failover.")

        public static let useQueueManager = Option<Bool>(
            .notYet, group, "use_queue_manager", default: false,
            help: "Stable queue names.")

        public static let hostname = Option<String?>(
            .notYet, group, "hostname", default: nil,
            help: "Host part of queue names.")

        public static let processname = Option<String?>(
            .notYet, group, "processname", default: nil,
            help: "Process part of queue names.")

        public static let rabbitStreamFanout = Option<Bool>(
            .notYet, group, "rabbit_stream_fanout", default: false,
            help: "Streams for fanout.")

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
            help: "Fetch size.")

        public static let kafkaConsumerTimeout = Option<Double>(
            .notYet, group, "kafka_consumer_timeout", default: 1.0,
            help: "Consumer timeout.")

        public static let consumerGroup = Option<String>(
            .notYet, group, "consumer_group", default: "oslo_messaging_consumer",
            help: "Group id.")

        public static let producerBatchTimeout = Option<Double>(
            .notYet, group, "producer_batch_timeout", default: 0.0,
            help: "Batch wait.")

        public static let producerBatchSize = Option<Int>(
            .notYet, group, "producer_batch_size", default: 16384,
            help: "Batch size.")

        public static let compressionCodec = Option<String>(
            .notYet, group, "compression_codec", default: "none", choices: ["none", "gzip", "snappy", "lz4", "zstd"],
            help: "Compression.")

        public static let enableAutoCommit = Option<Bool>(
            .notYet, group, "enable_auto_commit", default: false,
            help: "Auto commit.")

        public static let maxPollRecords = Option<Int>(
            .notYet, group, "max_poll_records", default: 500,
            help: "Records per poll.")

        public static let securityProtocol = Option<String>(
            .notYet, group, "security_protocol", default: "PLAINTEXT",
            choices: ["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"],
            help: "Security protocol.")

        public static let saslMechanism = Option<String>(
            .notYet, group, "sasl_mechanism", default: "PLAIN",
            help: "SASL mechanism.")

        public static let sslCafile = Option<String>(
            .notYet, group, "ssl_cafile", default: "",
            help: "CA.")

        public static let sslClientCertFile = Option<String>(
            .notYet, group, "ssl_client_cert_file", default: "",
            help: "Client certificate.")

        public static let sslClientKeyFile = Option<String>(
            .notYet, group, "ssl_client_key_file", default: "",
            help: "Client key.")

        public static let sslClientKeyPassword = Option<String>(
            .notYet, group, "ssl_client_key_password", default: "", secret: true,
            help: "Key password.")

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
