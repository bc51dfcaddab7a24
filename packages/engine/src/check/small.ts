import { SMALL_BYTES } from '../short-run.ts'
import { bytesOf } from './named-file.ts'

/** Returns whether the files are so small that checking them takes a fraction of a second. */
export const areSmall = (files: readonly { readonly file: string }[]): boolean => bytesOf(files) < SMALL_BYTES
