// The constants of PostgreSQL's protocol, version 3 (PostgreSQL's manual, chapter "Message Formats").

/** Codes of startup packets: the version, or one of three requests in its place. */
export const SSL_REQUEST = 80877103
export const GSSENC_REQUEST = 80877104
export const CANCEL_REQUEST = 80877102
export const MAJOR_VERSION = 3

/** The same limit as in the server (MAX_STARTUP_PACKET_LENGTH). */
export const LONGEST_STARTUP_BYTES = 10_000
/** The same limit as in the server (PQ_LARGE_MESSAGE_LIMIT). */
export const LONGEST_MESSAGE_BYTES = 0x3fff_ffff
/** The types of requests that are always short (PQ_SMALL_MESSAGE_LIMIT). */
export const SHORT_REQUESTS = 'CDEHSXc'
export const LONGEST_SHORT_BYTES = 10_000

/** The types of messages that each side may send. */
export const REQUEST_TYPES = 'QPBDECSHXFdcfp'
export const RESPONSE_TYPES = 'RSKZTDCIENA123nstGHWdcvV'

/** The one-byte replies to a request to encrypt: TLS, GSSAPI, refused. */
export const ENCRYPTION_ANSWERS = 'SGN'
