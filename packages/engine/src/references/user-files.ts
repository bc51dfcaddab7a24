import { existsSync, statSync } from 'node:fs'
import { EXECUTED, isBinary, isUserFile, wordsOf } from '@chaosproxy/targets/named'
import { filesOfService, isService, parseServiceReference } from './services.ts'

/** Whether a name in a spec is a user's file, and not a built-in name or a command. */
export const isOwnFile = (reference: string): boolean =>
  isUserFile(reference) && !isBinary(reference) && !isService(reference)

/** Returns the user's files in the given references. Words of a command can also be files. */
export const userFilesOf = (...references: readonly string[]): readonly string[] =>
  references.flatMap((reference) => {
    if (isBinary(reference)) return wordsOf(reference.slice(EXECUTED.length), '--binary').filter(isFile)
    if (isService(reference)) return filesOfService(parseServiceReference(reference))
    return isOwnFile(reference) ? [reference] : []
  })

export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
