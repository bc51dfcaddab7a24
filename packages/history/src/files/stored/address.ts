import { usageError } from '../../event/error.ts'

export interface StoredAddress {
  readonly bucket: string
  /** The object's name, or the prefix of names; empty for a whole bucket. */
  readonly key: string
}

const SCHEME = 's3://'

export const isStored = (path: string): boolean => path.startsWith(SCHEME)

export const addressOf = ({ bucket, key }: StoredAddress): string => `${SCHEME}${bucket}/${key}`

/** @throws UserError (usage) */
export function parseAddress(address: string): StoredAddress {
  const rest = address.slice(SCHEME.length)
  const slash = rest.indexOf('/')
  const [bucket, key] = slash < 0 ? [rest, ''] : [rest.slice(0, slash), rest.slice(slash + 1)]
  // The part before an @ may be a secret, so no message repeats it.
  if (bucket.includes('@'))
    throw usageError(
      `the address of a store must not contain credentials, because every user of this machine can read it. Export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and write ${SCHEME}BUCKET/NAME.`,
    )
  if (!/^[\w.:-]+$/.test(bucket))
    throw usageError(`${address}: write ${SCHEME}BUCKET/NAME, or ${SCHEME}BUCKET/PREFIX/ for numbered parts.`)
  return { bucket, key }
}
