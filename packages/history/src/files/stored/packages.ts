import { loadOptional } from '../system/optional-packages.ts'

// Our own types for the part of the S3 client that chaos uses, since the package is optional.

/** The response to a request for an object or its metadata. */
interface ObjectAnswer {
  readonly ETag?: string
  readonly ContentLength?: number
  /** `bytes FIRST-LAST/ALL` if a range was requested and returned. */
  readonly ContentRange?: string
  readonly Body?: AsyncIterable<Uint8Array>
}

export interface ListAnswer {
  readonly Contents?: readonly { readonly Key?: string; readonly Size?: number; readonly ETag?: string }[]
  /** The token that requests the next page; absent on the last page. */
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

/** A request that has not been sent. `answer` is never set. It only tells the type checker the type of the response. */
interface Command<Answer> {
  readonly answer?: Answer
}

/** The S3 client. It finds credentials itself. */
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
 * Loads the optional S3 client.
 *
 * @throws UserError (environment) if it is not installed.
 */
export async function loadClient(address: string): Promise<S3Package> {
  // A variable holds the name, so that no bundler resolves the import.
  const client = '@aws-sdk/client-s3'
  // Silences the package's warning that its later releases need a newer Node.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const why = `${address}: reading from a store needs a package that is not installed`
  return loadOptional(() => import(client) as Promise<S3Package>, { why, packages: [client] })
}
