import type { Statement } from '../sql/parse.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { TextContext } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { Cursor } from './cursors.ts'
import type { Names } from './names.ts'
import type { Runner, RunnerOwner } from './runner.ts'
import type { Compiled } from './server.ts'
import type { Execution, Prepared } from './session.ts'
import type { Settings } from './settings.ts'

export interface Host extends RunnerOwner {
  readonly pid: number
  readonly settings: Settings
  readonly names: Names
  readonly runner: Runner
  readonly context: TextContext
  readonly channels: Set<string>
  readonly prepared: Map<string, Prepared>
  readonly cursors: Map<string, Cursor>
  compile(statement: Statement, parameterOids: readonly number[]): Coroutine<Compiled>
  perform(prepared: Prepared, parameters: readonly SqlValue[]): Execution
  fail(): void
  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', code: string, message: string): void
  queueNotification(channel: string, payload: string): void
  terminate(pid: number): boolean
  cancel(pid: number): boolean
}
