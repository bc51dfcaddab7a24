import { createRequire } from 'node:module'
import { onTestFinished, vi } from 'vitest'
import { temporaryDirectory } from '../../../testing/src/chaos.ts'

// An S3 server with a bucket, and functions that store objects in it.

interface S3Server {
  run(): Promise<{ readonly port: number }>
  close(): Promise<void>
}
type S3rver = new (options: {
  readonly port: 0
  readonly address: string
  readonly silent: true
  readonly allowMismatchedSignatures: boolean
  readonly directory: string
  readonly configureBuckets: readonly { readonly name: string }[]
}) => S3Server

/** The only key that the server knows. */
export const KEY = 'S3RVER'
export const BUCKET = 'recordings'

/** The environment of a client that may read the store on this port. */
export const environmentOf = (port: number): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: KEY,
  AWS_SECRET_ACCESS_KEY: KEY,
})

/** Sets the environment of this process, for `chaosHere`. */
export function useStore(port: number, more: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries({ ...environmentOf(port), ...more })) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/**
 * Starts a store, and stops it when the test ends. The store authenticates clients. It checks signatures only if
 * `strict` is set, because it rejects the signatures of requests that list objects: clients sign the slash after the
 * bucket, and the store leaves the slash out.
 */
export async function startStore({ strict = false }: { readonly strict?: boolean } = {}): Promise<{
  readonly port: number
  readonly put: (key: string, content: string | Uint8Array) => Promise<void>
}> {
  const Server = createRequire(import.meta.url)('@20minutes/s3rver') as S3rver
  const server = new Server({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    allowMismatchedSignatures: !strict,
    directory: temporaryDirectory(),
    configureBuckets: [{ name: BUCKET }],
  })
  const { port } = await server.run()
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
  const { S3Client, PutObjectCommand } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: KEY, secretAccessKey: KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  return {
    port,
    put: async (key, content) => {
      await client.send(
        new PutObjectCommand({
          Bucket: BUCKET,
          Key: key,
          Body: Buffer.from(content),
          ContentLength: Buffer.byteLength(content),
        }),
      )
    },
  }
}
