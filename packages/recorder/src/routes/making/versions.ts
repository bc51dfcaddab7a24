import type { Completion, Input, Json } from '@chaosproxy/history'
import type { RequestMaker } from './request-maker.ts'

/** The versions of objects that a client has seen, for tables whose cas expects a version (`If-Match`). */
export interface Versions {
  /** The input with the expected version, or why it cannot be sent. */
  named(input: Input): Input | string
  learned(input: Input, completion: Completion): void
}

export function createVersions(maker: RequestMaker): Versions {
  /** The last version that this client saw of each object. */
  const versions = new Map<string, Json>()
  return {
    named(input) {
      const { f, key, value } = input
      if (f !== 'cas' || !maker.speaksVersions(f)) return input
      const version = versions.get(key ?? '')
      if (version === undefined)
        return `a cas needs the version of ${key ?? 'the object'}, and this client has seen none yet`
      return { ...input, value: [version, Array.isArray(value) ? ((value as readonly Json[])[1] ?? null) : value] }
    },
    learned({ key = '' }, completion) {
      if (completion.type !== 'ok' || !maker.speaksVersions('cas')) return
      const { value } = completion
      const version = Array.isArray(value) ? (value as readonly Json[])[1] : value
      if (version === null || version === undefined) versions.delete(key)
      else versions.set(key, version)
    },
  }
}
