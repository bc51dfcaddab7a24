import type * as v from 'valibot'
import type { Input } from './schema.ts'
import type { McpSettings } from './settings.ts'

export interface CallContext {
  readonly settings: McpSettings
  /** Aborted when the client stops waiting. */
  readonly signal: AbortSignal
  /** Reports progress to a client that requested it. */
  progress(done: number, total: number, message: string): void
}

/** The result of a call: data for programs, and text for models. */
export interface Answer {
  readonly data: { readonly [member: string]: unknown }
  readonly text: string
}

/** A tool that an MCP client can call. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly summary: string
  /** `reads` changes nothing, `runs` starts and ends its own processes, `hurts` changes a running proxy. */
  readonly effect: 'reads' | 'runs' | 'hurts'
  readonly input: (settings: McpSettings) => v.GenericSchema
  readonly output: v.StrictObjectSchema<v.ObjectEntries, undefined>
  /**
   * Runs the tool with its parsed arguments.
   *
   * @throws UserError, which becomes an error result: the reason and what to do instead.
   */
  call(input: Input, context: CallContext): Promise<Answer>
}
