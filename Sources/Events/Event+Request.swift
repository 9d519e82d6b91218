extension Event {
    /// What happens to requests.
    static let requestEvents = [
        requestFinished, requestFailed, requestAudited,
    ]

    public static let requestFinished = Event(
        id: "24d31eebf0004d20b9b833c5d87b31b8", name: "request-finished",
        subject: "@METHOD@ @PATH_TEMPLATE@ was answered with @STATUS@",
        explanation: """
            One entry for each request, written when the last byte of the answer is out. BYTES= counts the \
            answer's body, BYTES_IN= the request's, DURATION_MS= runs from the request's head to the end of \
            the answer. ABORTED=true says that the connection broke before that end.

            default_log_levels with eventlet.wsgi.server=WARN leaves these entries out.
            """)

    public static let requestFailed = Event(
        id: "94c53e9444e74d82b669a07f6bb63801", name: "request-failed",
        subject: "A request failed through no fault of its client",
        explanation: """
            The client got an answer of the kind 5xx. The reason: @ERROR@

            REQUEST_ID= leads to the other entries of the request. A database, Keystone or store that does not \
            answer has entries of its own. What names none of them is a bug of this program: please report it \
            with this entry.
            """)

    public static let requestAudited = Event(
        id: "f009c14f95e9448b934f03f3b409ec53", name: "request-audited",
        subject: "@INITIATOR@ asked for @ACTION@ of @TARGET@: @OUTCOME@",
        explanation: """
            One entry for each request, where the pipeline of the paste file has keystonemiddleware's filter \
            audit. The words are CADF's: ACTION= is read, read/list, create, update or delete, OUTCOME= success \
            or failure, INITIATOR= the id of the user, with INITIATOR_PROJECT= and INITIATOR_HOST=, TARGET= the \
            image or the path template. REQUEST_ID= leads to the other entries of the request.

            Nothing is sent to a message queue.
            """)
}
