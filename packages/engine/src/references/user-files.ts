import { existsSync, statSync } from 'node:fs'
import { EXECUTED, isBinary, isUserFile, wordsOf } from '@chaosproxy/targets/named'
import { filesOfService, isService, parseServiceReference } from './services.ts'

/** Returns whether a name in a spec is a user's file: neither a built-in name nor a program's command. */
export const isOwnFile = (reference: string): boolean =>
  isUserFile(reference) && !isBinary(reference) && !isService(reference)

/**
 * Returns the user's files that references name: protocols, workloads and the files of services. Also returns the files
 * among the words of a program's command.
 */
export const userFilesOf = (...references: readonly string[]): readonly string[] =>
  references.flatMap((reference) => {
    if (isBinary(reference)) return wordsOf(reference.slice(EXECUTED.length), '--binary').filter(isFile)
    if (isService(reference)) return filesOfService(parseServiceReference(reference))
    return isOwnFile(reference) ? [reference] : []
  })

/** Returns whether the path is a regular file, not a folder or a device. */
export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
