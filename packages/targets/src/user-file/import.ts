import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { modulesFor } from './api.ts'

/** Whether the reference is a path, or a command, rather than the name of something built in. */
export const isUserFile = (reference: string): boolean => /^exec:|[\\/]|\.[cm]?[jt]s$/.test(reference)

/**
 * The default export of a user's file: JavaScript, or TypeScript whose types are stripped.
 *
 * @throws UserError (usage) if the file does not exist; (input) if it fails to run.
 */
export async function importUserFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UserError('usage', `${path}: there is no such file.`)
  // Slow to load, so load it only for a user's file.
  const { createJiti } = await import('jiti')
  // Standard output is for results and reports; redirect what the file itself prints.
  const { write } = process.stdout
  process.stdout.write = process.stderr.write.bind(process.stderr)
  try {
    const jiti = createJiti(import.meta.url, { moduleCache: false, virtualModules: await modulesFor(file) })
    return await jiti.import(file, { default: true })
  } catch (error) {
    throw new UserError('input', `${path} does not run: ${thrownText(error, file)}`)
  } finally {
    process.stdout.write = write
  }
}

/** The message, and the places in the file that threw. */
export function thrownText(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return `it throws ${String(thrown)}`
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && line.includes(file))
  return [thrown.message, ...frames].join('\n')
}
