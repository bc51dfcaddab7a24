import { draftEntries } from '@chaosproxy/runner'
import * as v from 'valibot'
import { baselineEntries, type HeldToBaseline } from './held-to-baseline.ts'

/** What `chaos record` holds its recordings to. */
export interface ConfiguredRecording extends HeldToBaseline {
  /** A level, or `none`, which is the default. */
  readonly expect?: string | undefined
  /** What must hold besides, as for `--require`. */
  readonly require?: readonly string[] | undefined
}

export const recordingSchema: v.GenericSchema = v.strictObject(
  { expect: draftEntries.expect, require: draftEntries.require, ...baselineEntries },
  'must be an object',
)
