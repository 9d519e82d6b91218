// Definitions that come from files, and go into some (`glance-manage db load_metadefs`, `export_metadefs`).
extension MetadefsFacet {
    /// What becomes of a namespace that is there already.
    public enum Existing: Sendable {
        /// It stays as it is.
        case stays
        /// It gets what it has not.
        case isCompleted
        /// It gets what it has not, and what it has is changed.
        case isUpdated
        /// It is removed before.
        case isReplaced
    }

    /// Loads a namespace.
    ///
    /// - Returns: whether anything was written.
    public func load(_ file: MetadefFile, existing: Existing) async throws(DatabaseError) -> Bool {
        guard let namespace = try await namespace(file.namespace.name) else {
            try await insert(file.namespace, file.contents)
            return true
        }
        switch existing {
        case .stays: return false
        case .isReplaced:
            try await delete(namespace, evenProtected: true)
            try await insert(file.namespace, file.contents)
        case .isCompleted, .isUpdated:
            if existing == .isUpdated { try await update(namespace.name, to: file.namespace) }
            for (kind, entries) in [
                (MetadefEntry.Kind.object, file.contents.objects), (.property, file.contents.properties),
                (.tag, file.contents.tags),
            ] {
                try await complete(entries, kind, of: namespace, updating: existing == .isUpdated)
            }
            let known = Set((try await associations(of: [namespace])[namespace.id] ?? []).map(\.name))
            for association in file.contents.associations where !known.contains(association.name) {
                try await associate(association, with: namespace)
            }
        }
        return true
    }

    private func complete(
        _ entries: [MetadefEntry], _ kind: MetadefEntry.Kind, of namespace: MetadefNamespace, updating: Bool
    ) async throws(DatabaseError) {
        let known = Set(try await self.entries(kind, of: namespace).map(\.name))
        try await add(entries.filter { !known.contains($0.name) }, kind, to: namespace)
        guard updating, kind != .tag else { return }
        for entry in entries where known.contains(entry.name) {
            try await update(kind, entry.name, of: namespace, to: entry)
        }
    }

    /// All namespaces with their contents.
    public func files() async throws(DatabaseError) -> [MetadefFile] {
        var files: [MetadefFile] = []
        for namespace in try await namespaces(Filter(project: nil), MetadefPage(sortKey: .name, isAscending: true)) {
            var contents = try await contents(of: namespace)
            contents.tags.sort { $0.name < $1.name }
            files.append(MetadefFile(namespace: namespace, contents: contents))
        }
        return files
    }

    /// Removes all definitions, resource types too.
    public func unload() async throws(DatabaseError) {
        let tables =
            MetadefEntry.Kind.allCases.map(\.table) + [
                "metadef_namespace_resource_types", "metadef_namespaces", "metadef_resource_types",
            ]
        try await session.write(tables.map { Statement("DELETE FROM \($0)") })
    }
}
