import { usageError } from '../../event/error.ts'

/** Where an object is, or all objects whose names begin alike. */
export interface StoredAddress {
  readonly bucket: string
  /** The object's name, or the beginning of names; empty for a whole bucket. */
  readonly key: string
}

const SCHEME = 's3://'

/** Whether a recording is named by its place in a store, and not by a path. */
export const isStored = (path: string): boolean => path.startsWith(SCHEME)

export const addressOf = ({ bucket, key }: StoredAddress): string => `${SCHEME}${bucket}/${key}`

/** @throws UserError (usage) */
export function parseAddress(address: string): StoredAddress {
  const rest = address.slice(SCHEME.length)
  const slash = rest.indexOf('/')
  const [bucket, key] = slash < 0 ? [rest, ''] : [rest.slice(0, slash), rest.slice(slash + 1)]
  // What is before an @ may be a secret, so it is not repeated.
  if (bucket.includes('@'))
    throw usageError(
      `write no credentials into the address of a store: everybody on this machine can read them there. Export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and write ${SCHEME}BUCKET/NAME.`,
    )
  if (!/^[\w.:-]+$/.test(bucket))
    throw usageError(`${address}: write ${SCHEME}BUCKET/NAME, or ${SCHEME}BUCKET/PREFIX/ for numbered parts.`)
  return { bucket, key }
}
