import type { Find } from './find.ts'

/** Starts the buttons that save the embedded picture. */
export function startSavePicture(find: Find): void {
  const picture: string = JSON.parse(find('#picture', HTMLScriptElement).text)
  const name = /([^/]+)\.html?$/.exec(location.pathname)?.[1] ?? 'report'
  /** Pixels per CSS pixel, for a sharp picture on high-density screens. */
  const pixels = 2

  function save(blob: Blob | null, ending: string): void {
    if (blob === null) return
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = `${name}.${ending}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  }

  find('#save-svg', HTMLButtonElement).addEventListener('click', () =>
    save(new Blob([picture], { type: 'image/svg+xml' }), 'svg'),
  )
  find('#save-png', HTMLButtonElement).addEventListener('click', async () => {
    const image = new Image()
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture)}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width * pixels
    canvas.height = image.height * pixels
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    canvas.toBlob((blob) => save(blob, 'png'), 'image/png')
  })
}
