import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import S3rver from 's3rver'

/** Creates a s3rver with a bucket. The cure awaits each write, and handles the requests for an object one at a time. */
export async function open(directory, isCured) {
  const server = new S3rver({ silent: true, directory, configureBuckets: [{ name: 'bucket' }] })
  await server.configureBuckets()
  const callback = server.callback()
  if (!isCured) return callback
  const { store } = server
  store.putObject = async ({ bucket, key, metadata, content }) => {
    const bytes = Buffer.isBuffer(content) ? content : await buffer(content)
    const md5 = createHash('md5').update(bytes).digest('hex')
    await writeFile(store.getResourcePath(bucket, key, 'object'), bytes)
    await store.putMetadata(bucket, key, metadata, md5)
    return { size: bytes.length, md5 }
  }
  const last = new Map()
  return (request, response) => {
    const before = last.get(request.url) ?? Promise.resolve()
    const turn = before.then(() => {
      callback(request, response)
      return new Promise((resolve) => response.once('close', resolve))
    })
    last.set(request.url, turn)
  }
}
