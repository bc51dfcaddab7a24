import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { modulesFor } from './api.ts'

/** Whether it is the path of a file rather than the name of something that comes with this program. */
export const isUserFile = (reference: string): boolean => /[\\/]|\.[cm]?[jt]s$/.test(reference)

/**
 * The default export of a user's own file: JavaScript, or TypeScript of which the types are left out.
 *
 * @throws UserError (usage) where there is no such file; (input) where it does not run.
 */
export async function importUserFile(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UserError('usage', `${path}: there is no such file.`)
  // Loaded only where somebody has a file of their own: it takes a while.
  const { createJiti } = await import('jiti')
  // Results and reports go to standard output; what a file prints of its own is for people.
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

/** The message, and the places in the file that it came by. */
export function thrownText(thrown: unknown, file: string): string {
  if (!(thrown instanceof Error)) return `it throws ${String(thrown)}`
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && line.includes(file))
  return [thrown.message, ...frames].join('\n')
}
