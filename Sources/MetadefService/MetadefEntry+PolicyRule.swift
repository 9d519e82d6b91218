import Authorization
import ImageDatabase

extension MetadefEntry.Kind {
    /// The rules of the operations on entries of this kind.
    var rules: (list: PolicyRule, show: PolicyRule, add: PolicyRule, modify: PolicyRule, delete: PolicyRule) {
        switch self {
        case .object:
            (.getMetadefObjects, .getMetadefObject, .addMetadefObject, .modifyMetadefObject, .deleteMetadefObject)
        case .property:
            (
                .getMetadefProperties, .getMetadefProperty, .addMetadefProperty, .modifyMetadefProperty,
                .removeMetadefProperty
            )
        case .tag: (.getMetadefTags, .getMetadefTag, .addMetadefTag, .modifyMetadefTag, .deleteMetadefTag)
        }
    }
}
