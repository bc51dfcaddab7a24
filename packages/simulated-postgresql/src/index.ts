export { startCalculator } from './functions/pglite.ts'
export { type Connection, createServer, type Server } from './server/server.ts'
export { createEngine } from './session/engine.ts'
export type {
  CopyFormat,
  Engine,
  EngineOptions,
  EngineTime,
  Execution,
  Notice,
  Outcome,
  Prepared,
  ResultColumn,
  Session,
  SessionListener,
  Wait,
} from './session/session.ts'
export { NotSupported, SqlError, type SqlErrorFields } from './sql/error.ts'
export { loadParser, parse, type Statement } from './sql/parse.ts'
export type { Calculated, Calculator } from './types/calculator.ts'
export type { TextContext, TypeDefinition, Types } from './types/registry.ts'
export type { SqlType, SqlValue } from './types/value.ts'
export type {
  Access,
  Grouping,
  Watch,
  Witnessed,
  WitnessedCommit,
  WitnessedStatement,
  WitnessedTransaction,
  WitnessedValue,
} from './witness/witnessed.ts'
