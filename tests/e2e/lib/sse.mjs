// A stream as text, split into its blocks: what a person sees who reads it with curl.
//
// Not a decoder: the server's lines end with LF, and a block that is not finished is left out.

export function blocks(text) {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const fields = { text: block }
      for (const line of block.split('\n')) {
        const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
        if (name) fields[name] = value
      }
      return fields
    })
    .filter((fields) => fields.event !== undefined || fields.data !== undefined)
}

/** A block's data, read. */
export const data = (block) => JSON.parse(block.data)

/** Is this a frame of the library's own? */
export const isFrame = (block) => block.event?.startsWith('eventwire.') ?? false

/** What whoever reads these blocks was handed, as the judge reads it; `content` is how an event is shown there. */
export function handed(blocks, content) {
  return blocks.flatMap((block) => {
    if (block.event === 'eventwire.gap') return { gap: { at: block.id, ...data(block) } }
    // A cursor is where one could go on; hello, names and bye hand over nothing.
    if (isFrame(block)) return block.id ? { at: block.id } : []
    const { epoch, offset, topic } = place(block.id)
    return { event: { at: `${epoch}-${offset}`, topic, content: content(block) } }
  })
}

/** {epoch, offset, back, topic} of an id or a position. */
export function place(id) {
  const [, epoch, offset, back, topic] = /^([0-9a-z]{12})-(\d+)(?:\.(\d+))?(?:\/(.+))?$/.exec(id) ?? []
  if (!epoch) throw new Error(`no id: ${id}`)
  return { epoch, offset: BigInt(offset), back, topic }
}
