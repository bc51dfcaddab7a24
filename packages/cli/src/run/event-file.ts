import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { environmentError, type UserError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import type { RunListener } from '@chaosproxy/runner'
import { specWithoutSecrets } from '@chaosproxy/runner/result'
import { word } from '../arguments/declare.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import type { Options } from '../option.ts'
import { isForced } from '../reporting/choice.ts'
import { refuseToOverwriteOthers } from '../terminal/overwriting.ts'

const FLUSH_BYTES = 64 * 1024

export const eventsOption: Options = {
  events: word('write every event to this file as it happens, as lines of JSON'),
}

/** A file with the events of a run, one JSON line each. */
export interface EventFile {
  readonly listener: RunListener
  /** Returns why the file is incomplete; undefined if it is complete. A failed write does not affect the run. */
  close(): UserError | undefined
}

/**
 * @throws UserError (usage) if the file exists and does not contain the events of an earlier run. Such a file is not
 * overwritten.
 */
export function parseEvents(options: ParsedOptions): string | undefined {
  const path = textOf(options, 'events')
  if (path !== undefined)
    refuseToOverwriteOthers(path, {
      typed: `--events ${path}`,
      force: isForced(options),
      recognises: (start) => start.startsWith('{"type":"starting"'),
    })
  return path
}

/** @throws UserError (environment) if the file cannot be opened for writing. */
export function openEventFile(path: string): EventFile {
  const failureFor = (error: unknown) => environmentError(`--events ${path}: ${whyUnwritable(error)}`)
  const file = opened()
  let failure: UserError | undefined
  let pending = ''
  let open = true

  function opened(): number {
    try {
      // The file is created exclusively, so that a dangling link cannot redirect the write.
      return openSync(path, existsSync(path) ? 'w' : 'wx')
    } catch (error) {
      throw failureFor(error)
    }
  }

  function flush(): void {
    const text = pending
    pending = ''
    if (failure !== undefined) return
    try {
      writeSync(file, text)
    } catch (error) {
      failure = failureFor(error)
    }
  }

  return {
    listener(event) {
      const saved = event.type === 'starting' ? { ...event, spec: specWithoutSecrets(event.spec) } : event
      pending += `${JSON.stringify(saved)}\n`
      if (event.type !== 'event' || pending.length > FLUSH_BYTES) flush()
    },
    close() {
      if (open) {
        flush()
        closeSync(file)
      }
      open = false
      return failure
    },
  }
}
