import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { inputError, usageError } from '@chaosproxy/history'
import { isStored, STDIN, whyUnreadable } from '@chaosproxy/history/files'

/**
 * Returns a path that a client gave, in a form that always means a file. The file must be within the working directory,
 * even after links are followed.
 *
 * @throws UserError (usage, input)
 */
export function confined(tool: string, given: string): string {
  // Without the prefix `./`, "-" would mean stdin, which carries the protocol, and "s3://…" a store on the network.
  const path = given === STDIN || isStored(given) ? `./${given}` : given
  let real: string
  try {
    real = realpathSync(path)
  } catch (error) {
    throw inputError(`${tool}: ${path}: ${whyUnreadable(error)}`)
  }
  const way = relative(realpathSync('.'), real)
  if (way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)) return path
  throw usageError(
    `${tool}: ${path} lies outside of the working directory, ${process.cwd()}. Give a path in this directory, or start chaos mcp in another.`,
  )
}

/** Applies `confined` to a directory's files, which may be symbolic links. */
export function confinedWithin(tool: string, directory: string, files: readonly string[]): void {
  for (const file of files) if (existsSync(join(directory, file))) confined(tool, join(directory, file))
}
