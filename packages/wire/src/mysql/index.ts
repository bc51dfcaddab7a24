export type { ColumnDefinition, FirstPacket, OkPacket, ServerError, Value } from './answers.ts'
export {
  readBinaryRow,
  readColumn,
  readEnd,
  readFirst,
  readPrepared,
  readTextRow,
} from './answers.ts'
export { type Credentials, createLogin } from './client-login.ts'
export { CAPABILITY, COLUMN_FLAG, STATUS, TYPE } from './layout.ts'
export type { Login } from './login.ts'
export { readGreeting, readLogin } from './login.ts'
export { mysql } from './mysql.ts'
export { LONGEST_PACKET_BYTES, type Packet, packetIn, packetOf } from './packet.ts'
export type { Command, ParameterTypes } from './requests.ts'
export { QUIT, queryCommand, readCommand, readParameters } from './requests.ts'
