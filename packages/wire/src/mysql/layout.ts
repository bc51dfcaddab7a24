// The constants of the client/server protocol of MySQL and MariaDB
// (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html,
// https://mariadb.com/kb/en/clientserver-protocol/).

/** A packet's header: three bytes of length, and one of sequence number. */
export const HEADER_BYTES = 4
/** A payload of this length continues in the next packet. */
export const LONGEST_PAYLOAD_BYTES = 0xff_ff_ff
export const PROTOCOL_VERSION = 10

/** The server offers these capabilities, and the client chooses among them. */
export const CAPABILITY = {
  foundRows: 0x2,
  withDatabase: 0x8,
  compress: 0x20,
  protocol41: 0x200,
  ssl: 0x800,
  secureConnection: 0x8000,
  pluginAuth: 0x80000,
  connectAttributes: 0x100000,
  lengthEncodedAuth: 0x200000,
  deprecateEof: 0x1000000,
  optionalMetadata: 0x2000000,
  zstd: 0x4000000,
  queryAttributes: 0x8000000,
} as const

/** Capabilities that encrypt or compress a connection, or change its messages. */
export const UNREADABLE: number =
  CAPABILITY.compress |
  CAPABILITY.ssl |
  CAPABILITY.deprecateEof |
  CAPABILITY.optionalMetadata |
  CAPABILITY.zstd |
  CAPABILITY.queryAttributes

export const STATUS = {
  inTransaction: 1,
  autocommit: 2,
  moreResults: 8,
  noBackslashEscapes: 512,
  ansiQuotes: 0x8000,
} as const

/** A client's commands, by their first byte. */
export const COMMAND = {
  quit: 1,
  initDb: 2,
  query: 3,
  fieldList: 4,
  statistics: 9,
  ping: 14,
  prepare: 22,
  execute: 23,
  longData: 24,
  closeStatement: 25,
  resetStatement: 26,
  setOption: 27,
  reset: 31,
} as const

/** Types of values. */
export const TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  varchar: 15,
  bit: 16,
  json: 245,
  newDecimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  varString: 253,
  string: 254,
} as const

export const COLUMN_FLAG = { unsigned: 32, enum: 256, set: 2048 } as const
