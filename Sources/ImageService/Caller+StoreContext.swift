package import Authorization
package import ImageStore

extension Caller {
    /// The caller as stores know it.
    package var storeContext: StoreContext {
        StoreContext(
            user: token.map {
                StoreContext.User(
                    projectID: project, userID: identity?.userID, token: $0,
                    serviceCatalog: identity?.serviceCatalog)
            },
            requestID: requestID.isEmpty ? nil : requestID)
    }

    /// The caller as stores know it, for a removal that is the caller's own for a while from now.
    package var removalContext: StoreContext {
        var context = storeContext
        context.deadline = .now + ImageService.removalTime
        return context
    }
}
