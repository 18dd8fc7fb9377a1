import * as tf from '@tensorflow/tfjs';

interface WebgpuBackend {
  disposeData(dataId: tf.DataId): boolean;
}

/**
 * tfjs-backend-webgpu's cumulative sum from the end is wrong for more than four numbers: it is taken forward here, over the
 * reversed tensor. Gradients of sums from the beginning need it too.
 */
export function mendCumsum(): void {
  const stock = tf.getKernel('Cumsum', 'webgpu');
  tf.unregisterKernel('Cumsum', 'webgpu');
  tf.registerKernel({
    ...stock,
    kernelFunc: ({ inputs, backend, attrs }) => {
      if (!attrs?.reverse) return stock.kernelFunc({ inputs, backend, ...(attrs && { attrs }) });
      const x = inputs.x as tf.TensorInfo;
      const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0] as number;
      const reverse = (tensor: tf.TensorInfo) =>
        tf.getKernel('Reverse', 'webgpu').kernelFunc({
          inputs: { x: tensor },
          backend,
          attrs: { dims: [axis] },
        }) as tf.TensorInfo;
      const reversed = reverse(x);
      const sums = stock.kernelFunc({
        inputs: { x: reversed },
        backend,
        attrs: { ...attrs, reverse: false },
      }) as tf.TensorInfo;
      const result = reverse(sums);
      for (const { dataId } of [reversed, sums]) (backend as WebgpuBackend).disposeData(dataId);
      return result;
    },
  });
}
