import { bytesOf } from './named-file.ts'

/**
 * Below this total size a thread checks files itself: starting another takes some 50 ms, in which it could check a
 * megabyte.
 */
export const SMALL_BYTES = 2_000_000

/** Whether the files are so small that checking them takes a fraction of a second. */
export const areSmall = (files: readonly { readonly file: string }[]): boolean => bytesOf(files) < SMALL_BYTES
