public import Authorization
public import ImageDatabase
import JSON
public import Notifications
import OsloPolicy

/// What the operations on metadata definitions do: namespaces, and the objects, properties, tags and associations in them.
public struct MetadefService: Sendable {
    private let database: ImageDatabase
    private let authorization: Authorization
    private let notifier: Notifier

    public init(database: ImageDatabase, authorization: Authorization, notifier: Notifier = .none) {
        self.notifier = notifier
        self.database = database
        self.authorization = authorization
    }

    // MARK: Namespaces

    /// One page of the namespaces that the caller can see, with the resource types of each.
    public func namespaces(
        visibility: String?, resourceTypes: [String], _ page: MetadefPage, for caller: Caller
    ) async throws -> [(namespace: MetadefNamespace, associations: [MetadefAssociation])] {
        try await authorization.enforce(.getMetadefNamespaces, for: caller)
        try await authorization.enforce(.listMetadefResourceTypes, for: caller)
        var filter = MetadefsFacet.Filter(project: caller.isAdmin ? nil : .some(caller.project))
        filter.visibility = visibility
        filter.resourceTypes = resourceTypes
        let found: [MetadefNamespace]
        do {
            found = try await database.metadefs.namespaces(filter, page)
        } catch {
            guard error == .markerNotFound else { throw error }
            throw MetadefError.notFound("Metadata definition namespace \(page.marker ?? "") was not found")
        }
        let associations = try await database.metadefs.associations(of: found)
        var shown: [(MetadefNamespace, [MetadefAssociation])] = []
        for namespace in found
        where await authorization.allows(.getMetadefNamespace, on: Self.target(namespace), for: caller) {
            shown.append((namespace, associations[namespace.id] ?? []))
        }
        return shown
    }

    /// A namespace with everything in it.
    public func namespace(
        _ name: String, for caller: Caller
    ) async throws -> (namespace: MetadefNamespace, contents: MetadefContents) {
        let namespace = try await find(name, for: caller)
        for rule in [
            PolicyRule.getMetadefNamespace, .listMetadefResourceTypes, .getMetadefObjects, .getMetadefProperties,
            .getMetadefTags,
        ] {
            try await enforce(rule, on: namespace, for: caller)
        }
        return (namespace, try await database.metadefs.contents(of: namespace))
    }

    /// Makes a namespace, with what it is to contain from the beginning.
    public func create(
        _ namespace: MetadefNamespace, _ contents: MetadefContents, for caller: Caller
    ) async throws -> MetadefNamespace {
        try authorization.requireWriter(caller)
        var rules = [PolicyRule.addMetadefNamespace]
        if !contents.associations.isEmpty { rules.append(.addMetadefResourceTypeAssociation) }
        if !contents.objects.isEmpty { rules.append(.addMetadefObject) }
        if !contents.properties.isEmpty { rules.append(.addMetadefProperty) }
        if !contents.tags.isEmpty { rules.append(.addMetadefTag) }
        for rule in rules { try await authorization.enforce(rule, for: caller) }
        do {
            try await database.metadefs.insert(namespace, contents)
        } catch {
            throw duplicate(
                error, "A metadata definition namespace \(namespace.name), or something in it, exists already.")
        }
        notifier.tell("metadef_namespace.create", .object(MetadefNotification.payload(namespace)))
        for association in contents.associations { tell("create", association, of: namespace) }
        for object in contents.objects { tell("create", object, .object, of: namespace) }
        for tag in contents.tags { tell("create", tag, .tag, of: namespace) }
        for property in contents.properties { tell("create", property, .property, of: namespace) }
        return namespace
    }

    /// Replaces what a namespace says about itself; what is in it stays.
    public func update(
        _ name: String, to changed: MetadefNamespace, for caller: Caller
    ) async throws -> MetadefNamespace {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(.modifyMetadefNamespace, on: namespace, for: caller)
        var changed = changed
        changed.createdAt = namespace.createdAt
        do {
            try await database.metadefs.update(name, to: changed)
        } catch {
            throw duplicate(error, "A metadata definition namespace \(changed.name) exists already.")
        }
        notifier.tell("metadef_namespace.update", .object(MetadefNotification.payload(changed, oldName: name)))
        return changed
    }

    public func delete(_ name: String, for caller: Caller) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(.deleteMetadefNamespace, on: namespace, for: caller)
        try requireUnprotected(namespace)
        do {
            try await database.metadefs.delete(namespace)
        } catch {
            guard error == .conflict else { throw error }
            throw MetadefError.protected(name)
        }
        notifier.tell(
            "metadef_namespace.delete",
            .object(MetadefNotification.deleted(MetadefNotification.payload(namespace))))
    }

    // MARK: Objects, properties, tags

    public func entries(
        _ kind: MetadefEntry.Kind, of name: String, _ page: MetadefPage, for caller: Caller
    ) async throws -> [MetadefEntry] {
        let namespace = try await find(name, for: caller)
        try await enforce(kind.rules.list, on: namespace, for: caller)
        // Of objects, the rule for single ones counts in lists too.
        if kind == .object, await !authorization.allows(.getMetadefObject, on: Self.target(namespace), for: caller) {
            return []
        }
        do {
            return try await database.metadefs.entries(kind, of: namespace, page)
        } catch {
            guard error == .markerNotFound else { throw error }
            throw missing(kind, page.marker ?? "", name)
        }
    }

    /// - Parameter resourceType: of a property, the type by whose prefix its name begins here.
    public func entry(
        _ kind: MetadefEntry.Kind, _ entryName: String, of name: String, resourceType: String? = nil, for caller: Caller
    ) async throws -> MetadefEntry {
        let namespace = try await find(name, for: caller)
        try await enforce(kind.rules.show, on: namespace, for: caller)
        var wanted = entryName
        if let resourceType {
            try await enforce(.getMetadefResourceType, on: namespace, for: caller)
            let prefix = try await prefix(of: resourceType, in: namespace)
            guard let prefix, !prefix.isEmpty, wanted.hasPrefix(prefix) else {
                throw MetadefError.notFound(
                    "Property \(entryName) does not start with the prefix of the resource type, '\(prefix ?? "")'.")
            }
            wanted = String(wanted.dropFirst(prefix.count))
        }
        guard let entry = try await database.metadefs.entry(kind, wanted, of: namespace) else {
            throw missing(kind, wanted, name)
        }
        return entry
    }

    /// The prefix of a resource type's association.
    private func prefix(of resourceType: String, in namespace: MetadefNamespace) async throws -> String? {
        let associations = try await database.metadefs.associations(of: [namespace])[namespace.id] ?? []
        guard let association = associations.first(where: { $0.name == resourceType }) else {
            throw MetadefError.notFound(
                "The resource type \(resourceType) is not associated with the namespace \(namespace.name)")
        }
        return association.prefix
    }

    /// Adds entries.
    ///
    /// - Parameter isList: of tags, several at once, with a rule of its own; `replacing` removes all others before.
    public func add(
        _ entries: [MetadefEntry], _ kind: MetadefEntry.Kind, to name: String, isList: Bool = false,
        replacing: Bool = false, for caller: Caller
    ) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(isList ? .addMetadefTags : kind.rules.add, on: namespace, for: caller)
        do {
            try await database.metadefs.add(entries, kind, to: namespace, replacing: replacing)
        } catch {
            let names = entries.map(\.name).joined(separator: ", ")
            throw duplicate(error, "The namespace \(name) has a \(kind.rawValue) with this name already: \(names)")
        }
        for entry in entries { tell("create", entry, kind, of: namespace) }
    }

    public func update(
        _ kind: MetadefEntry.Kind, _ entryName: String, of name: String, to changed: MetadefEntry, for caller: Caller
    ) async throws -> MetadefEntry {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(kind.rules.modify, on: namespace, for: caller)
        guard let entry = try await database.metadefs.entry(kind, entryName, of: namespace) else {
            throw missing(kind, entryName, name)
        }
        var changed = changed
        changed.createdAt = entry.createdAt
        do {
            try await database.metadefs.update(kind, entryName, of: namespace, to: changed)
        } catch {
            throw duplicate(error, "The namespace \(name) has a \(kind.rawValue) \(changed.name) already.")
        }
        tell("update", changed, kind, of: namespace, oldName: entryName)
        return changed
    }

    public func delete(
        _ kind: MetadefEntry.Kind, _ entryName: String, of name: String, for caller: Caller
    ) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(kind.rules.delete, on: namespace, for: caller)
        try requireUnprotected(namespace)
        let event = "metadef_\(kind.rawValue).delete"
        // Only who hears of it needs to know what it was.
        let entry =
            notifier.tells(event) ? try await database.metadefs.entry(kind, entryName, of: namespace) : nil
        do {
            try await database.metadefs.remove(kind, entryName, of: namespace)
        } catch {
            guard error == .notFound else { throw error }
            throw missing(kind, entryName, name)
        }
        if var entry {
            // Of one that is read from the database, Glance tells an empty list.
            if kind == .object { entry.required = entry.required ?? [] }
            notifier.tell(
                event, .object(MetadefNotification.deleted(MetadefNotification.payload(entry, kind, of: name))))
        }
    }

    /// Removes all entries of a kind.
    public func deleteAll(_ kind: MetadefEntry.Kind, of name: String, for caller: Caller) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(.deleteMetadefNamespace, on: namespace, for: caller)
        if kind == .tag { try await enforce(.deleteMetadefTags, on: namespace, for: caller) }
        try requireUnprotected(namespace)
        try await database.metadefs.remove(kind, nil, of: namespace)
        let kinds = kind == .property ? "properties" : kind.rawValue + "s"
        notifier.tell("metadef_namespace.delete_" + kinds, .object(MetadefNotification.payload(namespace)))
    }

    // MARK: Resource types

    public func resourceTypes(for caller: Caller) async throws -> [MetadefAssociation] {
        try await authorization.enforce(.listMetadefResourceTypes, for: caller)
        return try await database.metadefs.resourceTypes()
    }

    public func associations(of name: String, for caller: Caller) async throws -> [MetadefAssociation] {
        let namespace = try await find(name, for: caller)
        try await enforce(.listMetadefResourceTypes, on: namespace, for: caller)
        guard await authorization.allows(.getMetadefResourceType, on: Self.target(namespace), for: caller) else {
            return []
        }
        return try await database.metadefs.associations(of: [namespace])[namespace.id] ?? []
    }

    public func associate(
        _ association: MetadefAssociation, with name: String, for caller: Caller
    ) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(.addMetadefResourceTypeAssociation, on: namespace, for: caller)
        do {
            try await database.metadefs.associate(association, with: namespace)
        } catch {
            throw duplicate(
                error, "The namespace \(name) is associated with the resource type \(association.name) already.")
        }
        tell("create", association, of: namespace)
    }

    public func dissociate(_ resourceType: String, from name: String, for caller: Caller) async throws {
        try authorization.requireWriter(caller)
        let namespace = try await find(name, for: caller)
        try await enforce(.removeMetadefResourceTypeAssociation, on: namespace, for: caller)
        try requireUnprotected(namespace)
        let event = "metadef_resource_type.delete"
        let association =
            notifier.tells(event)
            ? try await database.metadefs.associations(of: [namespace])[namespace.id]?.first { $0.name == resourceType }
            : nil
        do {
            try await database.metadefs.dissociate(resourceType, from: namespace)
        } catch {
            guard error == .notFound else { throw error }
            throw MetadefError.notFound("Failed to find resource type \(resourceType) to delete")
        }
        if let association {
            notifier.tell(
                event, .object(MetadefNotification.deleted(MetadefNotification.payload(association, of: name))))
        }
    }

    // MARK: Parts

    private func tell(
        _ event: String, _ entry: MetadefEntry, _ kind: MetadefEntry.Kind, of namespace: MetadefNamespace,
        oldName: String? = nil
    ) {
        notifier.tell(
            "metadef_\(kind.rawValue)." + event,
            .object(MetadefNotification.payload(entry, kind, of: namespace.name, oldName: oldName)))
    }

    private func tell(_ event: String, _ association: MetadefAssociation, of namespace: MetadefNamespace) {
        notifier.tell(
            "metadef_resource_type." + event,
            .object(MetadefNotification.payload(association, of: namespace.name)))
    }

    /// The namespace if the caller can see it at all; policies are not asked yet.
    private func find(_ name: String, for caller: Caller) async throws -> MetadefNamespace {
        guard let namespace = try await database.metadefs.namespace(name),
            caller.isAdmin || namespace.visibility == "public" || namespace.owner == caller.project
        else { throw MetadefError.notFound("Namespace \(name) not found") }
        return namespace
    }

    private static func target(_ namespace: MetadefNamespace) -> PolicyTarget {
        [
            "project_id": .string(namespace.owner), "owner": .string(namespace.owner),
            "visibility": .string(namespace.visibility), "namespace": .string(namespace.name),
        ]
    }

    /// A namespace that the caller's policies do not show is not there, whatever was asked.
    private func enforce(
        _ rule: PolicyRule, on namespace: MetadefNamespace, for caller: Caller
    ) async throws {
        let target = Self.target(namespace)
        if await authorization.allows(rule, on: target, for: caller) { return }
        guard rule != .getMetadefNamespace, await authorization.allows(.getMetadefNamespace, on: target, for: caller)
        else { throw MetadefError.notFound("Namespace \(namespace.name) not found") }
        throw AuthorizationError.refused(rule)
    }

    private func requireUnprotected(_ namespace: MetadefNamespace) throws(MetadefError) {
        if namespace.isProtected { throw .protected(namespace.name) }
    }

    private func missing(_ kind: MetadefEntry.Kind, _ entry: String, _ namespace: String) -> MetadefError {
        .notFound("The \(kind.rawValue) \(entry) was not found in the namespace \(namespace)")
    }

    private func duplicate(_ error: DatabaseError, _ text: String) -> any Error {
        switch error {
        case .duplicate: MetadefError.duplicate(text)
        case .notFound: MetadefError.notFound("The namespace was deleted meanwhile.")
        default: error
        }
    }
}
