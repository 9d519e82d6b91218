import Foundation
import TestSupport

/// Small requests that change something, each counted against unified limits, against Glance 33 with the same Keystone.
enum Claims {
    static func run(_ lab: Lab) async throws -> [Row] {
        // A Keystone with limits of its own: the other workloads have none.
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            let administrator = try await KeystoneAdministrator(server)
            try await administrator.register([
                "image_size_total": 1000, "image_stage_total": 1000, "image_count_total": 1000,
                "image_count_uploading": 1000,
            ])
            let lab = Lab(database: lab.database, keystone: administrator.keystone, memcached: lab.memcached)
            let token = try await administrator.keystone.token("demo", project: "demo")
            return try await lab.withSite("claims") { site in
                try await lab.withSite("other_claims") { other in
                    for site in [site, other] {
                        try site.append("[DEFAULT]\nuse_keystone_limits = true\n" + administrator.osloLimit())
                    }
                    return try await withGlance(.ours, site) { _ in
                        try await withGlance(.glance33, other, environment: Lab.glance33) { _ in
                            let script = site.directory + "/request.lua"
                            try wrk.write(toFile: script, atomically: true, encoding: .utf8)
                            let measurement = try await Measurement.alternate(
                                rounds: 3,
                                ours: { try await load(site, token, script) },
                                peer: { try await load(other, token, script) })
                            return [
                                Row(
                                    workload: "create and delete", unit: "/s", peerName: "Glance 33",
                                    measurement: measurement, target: .atLeast(40))
                            ]
                        }
                    }
                }
            }
        }
    }

    /// Requests per second. What wrk has not waited for is answered before the other one's turn: both ask one Keystone.
    private static func load(_ site: Site, _ token: String, _ script: String) async throws -> Double {
        let rate = try await Queries.load(site.url, token, script)
        try await withThrowingTaskGroup { group in
            for _ in 0..<Lab.processes {
                group.addTask {
                    try await ImageClient(url: site.url, token: token).expect(200, "GET", "/v2/schemas/image")
                }
            }
            try await group.waitForAll()
        }
        return rate
    }

    /// wrk's script: deletes an image that an answer has named, or creates one where there is none.
    private static let wrk = #"""
        wrk.headers["Content-Type"] = "application/json"
        local created = {}
        local body = '{"name": "claim", "disk_format": "raw", "container_format": "bare"}'

        request = function()
          local id = table.remove(created)
          if id then return wrk.format("DELETE", "/v2/images/" .. id) end
          return wrk.format("POST", "/v2/images", nil, body)
        end

        response = function(status, headers, body)
          if status == 201 then table.insert(created, body:match('"id": *"([^"]+)"')) end
        end
        """#
}
