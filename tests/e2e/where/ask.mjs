// A worker of the page's own: `ask` hands it what to read, and resolves with its book.

export function ask(task) {
  const worker = new Worker(new URL('./page-worker.mjs', import.meta.url), { type: 'module' })
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(`the worker: ${message}`))
    worker.postMessage(task)
  })
}
