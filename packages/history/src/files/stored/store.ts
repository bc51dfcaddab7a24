import { environmentError, inputError } from '../../event/error.ts'
import { partsAmong } from '../system/parts.ts'
import { addressOf, parseAddress, type StoredAddress } from './address.ts'
import { type ListAnswer, loadClient, type S3Client, type S3Package } from './packages.ts'
import { resumed } from './resumed.ts'
import { changed, endpointGiven, isPassing, troubleAt } from './trouble.ts'

/** An object in a store: a recording or a part of one. */
export interface StoredPart {
  /** Its address. */
  readonly path: string
  readonly bytes: number
  /** The entity tag, which changes with the content. */
  readonly etag: string
}

/** A prefix with more objects is refused, since it is probably not a recording. */
const MOST_OBJECTS = 100_000
const CONNECT_WITHIN_MS = 5_000
const SILENT_MS = 30_000
/** Stores other than Amazon's accept any region. */
const ANY_REGION = 'us-east-1'
const HISTORIES = ['history.jsonl', 'history.edn']

/**
 * The objects of a recording in order: the named object, or its numbered parts.
 *
 * @throws UserError with the remedy.
 */
export async function storedParts(address: string): Promise<readonly StoredPart[]> {
  const { bucket, key } = parseAddress(address)
  const store = await openStore(address)
  try {
    const single = key === '' || key.endsWith('/') ? undefined : await objectAt(store, { bucket, key })
    if (single !== undefined) return [single]
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
    return partsBelow(address, prefix, await objectsBelow(store, { bucket, key: prefix }))
  } catch (error) {
    throw troubleAt(address, error)
  }
}

/**
 * Yields a range of an object, over several connections if they break.
 *
 * @throws UserError if the object has changed, or the store stops answering.
 */
export async function* storedBytes(
  { path, bytes, etag }: StoredPart,
  from = 0,
  to: number = bytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { bucket, key } = parseAddress(path)
  try {
    const { client, GetObjectCommand } = await openStore(path)
    yield* resumed({
      from,
      to,
      isPassing,
      async open(at) {
        const range = { Bucket: bucket, Key: key, Range: `bytes=${at}-${to - 1}`, IfMatch: etag }
        const answer = await client.send(new GetObjectCommand(range))
        // Compare the tag here, because some stores ignore the `IfMatch` condition.
        if (answer.ETag !== etag) throw changed(path)
        if (answer.ContentRange !== `bytes ${at}-${to - 1}/${bytes}`)
          throw environmentError(
            `${path}: the store does not give parts of objects (HTTP ranges), so chaos could not resume a broken download. Copy the recording to a file, and check the file.`,
          )
        return answer.Body ?? nothing()
      },
    })
  } catch (error) {
    throw troubleAt(path, error)
  }
}

interface Store extends S3Package {
  readonly client: S3Client
}

let opened: { readonly endpoint: string | undefined; readonly store: Store } | undefined

/** Returns the client, which keeps its connections. A process needs only one. */
async function openStore(address: string): Promise<Store> {
  const endpoint = endpointGiven()
  if (opened === undefined || opened.endpoint !== endpoint) opened = { endpoint, store: await open(address) }
  return opened.store
}

async function open(address: string): Promise<Store> {
  const loaded = await loadClient(address)
  const own = endpointGiven()
  const region = process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || (own && ANY_REGION)
  const client = new loaded.S3Client({
    ...(region === undefined ? {} : { region }),
    forcePathStyle: own !== undefined,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: SILENT_MS },
    // Require no checksums: responses with a range have none, and some stores support none.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const { S3Client, HeadObjectCommand, GetObjectCommand, ListObjectsV2Command } = loaded
  return { S3Client, HeadObjectCommand, GetObjectCommand, ListObjectsV2Command, client }
}

/** Looks up an object; undefined if it does not exist. */
async function objectAt(
  { client, HeadObjectCommand, GetObjectCommand }: Store,
  { bucket, key }: StoredAddress,
): Promise<StoredPart | undefined> {
  const path = addressOf({ bucket, key })
  const located = { Bucket: bucket, Key: key }
  try {
    const { ContentLength: bytes, ETag: etag } = await client.send(new HeadObjectCommand(located))
    return partOf(path, bytes, etag)
  } catch (error) {
    if ((error as { name?: unknown }).name === 'NotFound') return undefined
    // Only the response to a GET contains the reason of a refusal.
    await client.send(new GetObjectCommand({ ...located, Range: 'bytes=0-0' }))
    throw error
  }
}

async function objectsBelow(
  { client, ListObjectsV2Command }: Store,
  { bucket, key: prefix }: StoredAddress,
): Promise<readonly StoredPart[]> {
  const found: StoredPart[] = []
  let token: string | undefined
  do {
    const more = token === undefined ? {} : { ContinuationToken: token }
    const page: ListAnswer = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: '/', ...more }),
    )
    for (const { Key: key, Size: bytes, ETag: etag } of page.Contents ?? [])
      if (key !== undefined && key !== prefix) found.push(partOf(addressOf({ bucket, key }), bytes, etag))
    if (found.length > MOST_OBJECTS)
      throw inputError(
        `${addressOf({ bucket, key: prefix })}: more than ${MOST_OBJECTS} objects have this prefix. Give each recording a prefix of its own.`,
      )
    token = page.NextContinuationToken
  } while (token !== undefined)
  return found
}

function partsBelow(address: string, prefix: string, objects: readonly StoredPart[]): readonly StoredPart[] {
  const below = addressOf({ bucket: parseAddress(address).bucket, key: prefix })
  const byName = new Map(objects.map((object) => [object.path.slice(below.length), object]))
  const history = HISTORIES.find((name) => byName.has(name))
  const names = history === undefined ? partsAmong(address, [...byName.keys()]) : [history]
  if (names === undefined)
    throw inputError(
      objects.length === 0
        ? `${address}: there is no such object, and none below ${below}. Check the name.`
        : `${address}: there is no recording at this address. Name an object, or a prefix with numbered parts (part-0001.jsonl, …).`,
    )
  return names.flatMap((name) => byName.get(name) ?? [])
}

function partOf(path: string, bytes: number | undefined, etag: string | undefined): StoredPart {
  if (bytes !== undefined && etag !== undefined) return { path, bytes, etag }
  throw environmentError(
    `${path}: the store does not report the size and the ETag of this object. Copy the object to a file, and check that file.`,
  )
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}
