import type * as v from 'valibot'
import type { Input } from './schema.ts'
import type { McpSettings } from './settings.ts'

export interface CallContext {
  readonly settings: McpSettings
  /** Aborted when the client no longer waits for the result. */
  readonly signal: AbortSignal
  /** Reports progress to a client that asked for it. */
  progress(done: number, total: number, message: string): void
}

/** What a call returns: data for programs, and the same as text for models. */
export interface Answer {
  readonly data: { readonly [member: string]: unknown }
  readonly text: string
}

/** One thing that an MCP client can ask for. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly summary: string
  /** `reads` changes nothing, `runs` starts and ends processes of its own, `hurts` changes a running proxy. */
  readonly effect: 'reads' | 'runs' | 'hurts'
  readonly input: (settings: McpSettings) => v.GenericSchema
  readonly output: v.StrictObjectSchema<v.ObjectEntries, undefined>
  /**
   * Gets what its input schema parsed.
   *
   * @throws UserError, which becomes an error result: the reason and what to do instead.
   */
  call(input: Input, context: CallContext): Promise<Answer>
}
