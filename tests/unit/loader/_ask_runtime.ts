/** What the runtime says of each permission in a Worker that has `permissions`: what is no host or path is not granted. */
export async function askRuntime(
  permissions: Deno.PermissionOptionsObject,
  asked: readonly Deno.PermissionDescriptor[],
): Promise<boolean[]> {
  const text = `onmessage = ({ data }) => postMessage(data.map((one) => {
    try {
      return Deno.permissions.querySync(one).state === "granted";
    } catch {
      return false;
    }
  }))`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(text)}`, {
    type: "module",
    deno: { permissions },
  });
  const answer = Promise.withResolvers<boolean[]>();
  worker.onmessage = ({ data }) => answer.resolve(data);
  worker.onerror = (event) => answer.reject(event.message);
  worker.postMessage(asked);
  const answers = await answer.promise;
  worker.terminate();
  return answers;
}
