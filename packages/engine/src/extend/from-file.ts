import { resolve } from 'node:path'
import { isObject, UserError } from '@chaosproxy/history'
import type { Extension } from './extension.ts'
import { mergeExtensions } from './merge.ts'
import { VARIABLE } from './thread.ts'

let merged: string | undefined

/** Whether the registries of this thread have the extensions of a configuration. */
export const isMerged = (path: string): boolean => merged === resolve(path)

/** Merges what a configuration exports as `extend` into the registries, here and in threads that start from now on. */
export async function extendBy(exported: unknown, path: string): Promise<void> {
  const extensions = extensionsIn(exported, path)
  if (extensions.length === 0 || isMerged(path)) return
  await mergeExtensions(extensions, `${path}: extend`)
  merged = resolve(path)
  process.env[VARIABLE] = merged
}

/** @throws UserError (input) for something else than a list of what the `define…` functions return. */
export function extensionsIn(exported: unknown, where: string): readonly Extension[] {
  const extend = isObject(exported) ? exported['extend'] : undefined
  if (extend === undefined) return []
  const made = Array.isArray(extend) ? extend.findIndex((each) => !isObject(each) || !KINDS.has(each['kind'])) : 0
  if (made < 0) return extend as unknown as readonly Extension[]
  throw new UserError(
    'input',
    `${where}: ${Array.isArray(extend) ? `extend[${made}] is made by no define… function` : '"extend" is no list'}. Write: extend: [defineFault({ … }), defineReporter({ … })], in a file that is code.`,
  )
}

const KINDS: ReadonlySet<unknown> = new Set<Extension['kind']>([
  ...(['fault', 'nemesis', 'recorded protocol', 'model', 'reporter', 'story', 'workload', 'target'] as const),
])
