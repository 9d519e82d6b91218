extension PasteFile {
    /// The text of the shipped `etc/glance-api-paste.ini`, used where an installation has no such file. A test keeps both the
    /// same.
    static let shippedText = """
        # Stages that a request passes on its way to the Images API.
        #
        # [paste_deploy] flavor in glance-api.conf picks one of the composites below: without a flavor glance-api, with
        # flavor = keystone glance-api-keystone, and so on. The factories are the names that Glance knows; each stands for
        # a stage that is built into this server. A factory that the server does not know refuses the start.

        # No authentication: EVERY client is an administrator. Only for tests on a closed machine.
        [composite:glance-api]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        [composite:glance-api-caching]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        [composite:glance-api-cachemanagement]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        # Authentication by Keystone: what installations use.
        [composite:glance-api-keystone]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        [composite:glance-api-keystone+caching]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        [composite:glance-api-keystone+cachemanagement]
        paste.composite_factory = glance.api:root_app_factory
        /: api
        /healthcheck: healthcheck

        # One pipeline for each flavor, outermost stage first.
        [composite:api]
        paste.composite_factory = glance.api:pipeline_factory
        default = cors http_proxy_to_wsgi versionnegotiation osprofiler unauthenticated-context rootapp
        caching = cors http_proxy_to_wsgi versionnegotiation osprofiler unauthenticated-context cache rootapp
        cachemanagement = cors http_proxy_to_wsgi versionnegotiation osprofiler unauthenticated-context cache cachemanage rootapp
        keystone = cors http_proxy_to_wsgi versionnegotiation osprofiler authtoken context rootapp
        keystone+caching = cors http_proxy_to_wsgi versionnegotiation osprofiler authtoken context cache rootapp
        keystone+cachemanagement = cors http_proxy_to_wsgi versionnegotiation osprofiler authtoken context cache cachemanage rootapp

        [composite:rootapp]
        paste.composite_factory = glance.api:root_app_factory
        /: apiversions
        /v2: apiv2app

        [app:apiversions]
        paste.app_factory = glance.api.versions:create_resource

        [app:apiv2app]
        paste.app_factory = glance.api.v2.router:API.factory

        # Answers 503 while the file exists: create it to take this node out of the load balancer.
        [app:healthcheck]
        paste.app_factory = oslo_middleware:Healthcheck.app_factory
        backends = disable_by_file
        disable_by_file_path = /etc/glance/healthcheck_disable

        [filter:versionnegotiation]
        paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory

        [filter:cache]
        paste.filter_factory = glance.api.middleware.cache:CacheFilter.factory

        [filter:cachemanage]
        paste.filter_factory = glance.api.middleware.cache_manage:CacheManageFilter.factory

        [filter:context]
        paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory

        [filter:unauthenticated-context]
        paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory

        # The only key that counts here; all others are set in [keystone_authtoken] of glance-api.conf.
        [filter:authtoken]
        paste.filter_factory = keystonemiddleware.auth_token:filter_factory
        delay_auth_decision = true

        # Compresses answers for clients that accept it. Not part of any pipeline: images seldom get smaller.
        [filter:gzip]
        paste.filter_factory = glance.api.middleware.gzip:GzipMiddleware.factory

        [filter:osprofiler]
        paste.filter_factory = osprofiler.web:WsgiMiddleware.factory

        [filter:cors]
        paste.filter_factory = oslo_middleware.cors:filter_factory
        oslo_config_project = glance
        oslo_config_program = glance-api

        [filter:http_proxy_to_wsgi]
        paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory

        """
}
