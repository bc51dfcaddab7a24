import { errorText } from '../../event/error.ts'

const UNWRITABLE: { readonly [code: string]: string } = {
  ENOSPC: 'no space is left on the disk. Free some, or choose another directory.',
  EDQUOT: 'your disk quota is used up. Free some space, or choose another directory.',
  ENOENT: 'its directory does not exist. Create it first.',
  ENOTDIR: 'a part of its path is a file. Choose another directory.',
  EACCES: 'no permission to write there. Choose another directory.',
  EPERM: 'no permission to write there. Choose another directory.',
  EROFS: 'the file system is read-only. Choose another directory.',
  EISDIR: 'this is a directory. Name a file.',
}

const UNREADABLE: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file. Check the path.',
  ENOTDIR: 'there is no such file. Check the path.',
  EACCES: 'no permission to read this file. Change its mode, or its owner.',
  EPERM: 'no permission to read this file. Change its mode, or its owner.',
  EISDIR: 'this is a directory. Name a file in it.',
}

/** The cause of a failed write, and what to do. The text follows a path and a colon. */
export const whyUnwritable = (error: unknown): string =>
  UNWRITABLE[codeOf(error)] ?? `writing failed (${errorText(error)}).`

/** The cause of a failed read, and what to do. The text follows a path and a colon. */
export const whyUnreadable = (error: unknown): string =>
  UNREADABLE[codeOf(error)] ?? `reading failed (${errorText(error)}).`

/** The code of a system error, such as `ENOENT`; empty for any other error. */
export const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
