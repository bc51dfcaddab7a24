// The numbers of PostgreSQL's frontend/backend protocol, version 3 (its manual, chapter "Message Formats").

/** A startup packet's code: the version, or one of three requests that replace it. */
export const SSL_REQUEST = 80877103
export const GSSENC_REQUEST = 80877104
export const CANCEL_REQUEST = 80877102
export const MAJOR_VERSION = 3

/** As in the server (MAX_STARTUP_PACKET_LENGTH). */
export const LONGEST_STARTUP_BYTES = 10_000
/** As in the server (PQ_LARGE_MESSAGE_LIMIT). */
export const LONGEST_MESSAGE_BYTES = 0x3fff_ffff
/** Types whose messages are short in any case (PQ_SMALL_MESSAGE_LIMIT). */
export const SHORT_REQUESTS = 'CDEHSXc'
export const LONGEST_SHORT_BYTES = 10_000

/** The types of messages that each side may send. */
export const REQUEST_TYPES = 'QPBDECSHXFdcfp'
export const RESPONSE_TYPES = 'RSKZTDCIENA123nstGHWdcvV'

/** The server's one-byte reply to a request to encrypt: TLS, GSSAPI, or refused. */
export const ENCRYPTION_ANSWERS = 'SGN'
