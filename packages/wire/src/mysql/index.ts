export type { ColumnDefinition, OkPacket, ServerError, Value } from './answers.ts'
export {
  readBinaryRow,
  readColumn,
  readEnd,
  readFirst,
  readPrepared,
  readTextRow,
} from './answers.ts'
export { CAPABILITY, COLUMN_FLAG, STATUS, TYPE } from './layout.ts'
export type { Login } from './login.ts'
export { readGreeting, readLogin } from './login.ts'
export { packetIn } from './packet.ts'
export type { Command, ParameterTypes } from './requests.ts'
export { readCommand, readParameters } from './requests.ts'
