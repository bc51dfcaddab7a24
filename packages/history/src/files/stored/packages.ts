import { loadOptional } from '../system/optional-packages.ts'

// What chaos uses of the client for S3, in types of our own: nobody needs the package to build chaos or to install it.

/** The response to a request for an object or its metadata. */
interface ObjectAnswer {
  readonly ETag?: string
  readonly ContentLength?: number
  /** `bytes FIRST-LAST/ALL` if a range was asked for, and given. */
  readonly ContentRange?: string
  readonly Body?: AsyncIterable<Uint8Array>
}

/** Some of the objects in a bucket. */
export interface ListAnswer {
  readonly Contents?: readonly { readonly Key?: string; readonly Size?: number; readonly ETag?: string }[]
  /** Given if there are more. */
  readonly NextContinuationToken?: string
}

interface Located {
  readonly Bucket: string
  readonly Key: string
}

interface Listed {
  readonly Bucket: string
  readonly Prefix: string
  readonly Delimiter: string
  readonly ContinuationToken?: string
}

/** A request that has not been sent. The type alone knows its answer's. */
interface Command<Answer> {
  readonly answer?: Answer
}

/** The client, which finds credentials itself: in the environment, profiles, the machine's role. */
export interface S3Client {
  send<Answer>(command: Command<Answer>): Promise<Answer>
}

interface ClientOptions {
  readonly region?: string
  readonly forcePathStyle: boolean
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number }
  readonly requestChecksumCalculation: 'WHEN_REQUIRED'
  readonly responseChecksumValidation: 'WHEN_REQUIRED'
}

export interface S3Package {
  readonly S3Client: new (options: ClientOptions) => S3Client
  readonly HeadObjectCommand: new (input: Located) => Command<ObjectAnswer>
  readonly GetObjectCommand: new (
    input: Located & { readonly Range: string; readonly IfMatch?: string },
  ) => Command<ObjectAnswer>
  readonly ListObjectsV2Command: new (input: Listed) => Command<ListAnswer>
}

/**
 * Loads the client, which is installed only where recordings in a store are read.
 *
 * @throws UserError (environment) if it is not installed.
 */
export async function loadClient(address: string): Promise<S3Package> {
  // A name that no compiler or bundler follows.
  const client = '@aws-sdk/client-s3'
  // It would warn our users about the Node version that its later releases need.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const why = `${address}: a package is missing, which chaos needs only to read from a store`
  return loadOptional(() => import(client) as Promise<S3Package>, { why, packages: [client] })
}
