import { resolve } from 'node:path'
import { inputError, isObject } from '@chaosproxy/history'
import type { Extension } from './extension.ts'
import { mergeExtensions } from './merge.ts'

let merged: { readonly path: string; readonly done: Promise<void> } | undefined

/** Whether this thread has a configuration's extensions. */
export const isMerged = (path: string): boolean => merged?.path === resolve(path)

/** Adds the extensions in a configuration's `extend` to this thread, unless they have been added before. */
export async function extendBy(exported: unknown, path: string): Promise<void> {
  const extensions = extensionsIn(exported, path)
  if (extensions.length === 0) return
  if (merged?.path !== resolve(path))
    merged = { path: resolve(path), done: mergeExtensions(extensions, `${path}: extend`) }
  await merged.done
}

/** @throws UserError (input) if `extend` is not a list of results of the `define…` functions. */
export function extensionsIn(exported: unknown, where: string): readonly Extension[] {
  const extend = isObject(exported) ? exported['extend'] : undefined
  if (extend === undefined) return []
  const made = Array.isArray(extend) ? extend.findIndex((each) => !isObject(each) || !KINDS.has(each['kind'])) : 0
  if (made < 0) return extend as unknown as readonly Extension[]
  throw inputError(
    `${where}: ${Array.isArray(extend) ? `extend[${made}] was not made by a define… function` : '"extend" is not a list'}. Write: extend: [defineFault({ … }), defineReporter({ … })], in a .ts or .js file.`,
  )
}

const KINDS: ReadonlySet<unknown> = new Set<Extension['kind']>([
  ...(['fault', 'nemesis', 'recorded protocol', 'model', 'level', 'reporter', 'story', 'workload', 'target'] as const),
])
