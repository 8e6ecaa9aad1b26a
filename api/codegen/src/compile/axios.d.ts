// What generated clients use of the package axios.
declare module "axios" {
    export interface AxiosRequestConfig<D = any> {
        url?: string;
        method?: string;
        baseURL?: string;
        headers?: any;
        params?: any;
        data?: D;
        [name: string]: any;
    }
    export type RawAxiosRequestConfig<D = any> = AxiosRequestConfig<D>;
    export interface AxiosResponse<T = any, D = any> {
        data: T;
        status: number;
        statusText: string;
        headers: any;
        config: AxiosRequestConfig<D>;
        request?: any;
    }
    export type AxiosPromise<T = any> = Promise<AxiosResponse<T>>;
    export class AxiosError<T = unknown, D = any> extends Error {
        code?: string;
        config?: AxiosRequestConfig<D>;
        response?: AxiosResponse<T, D>;
    }
    export interface AxiosInstance {
        defaults: AxiosRequestConfig;
        request<T = any, R = AxiosResponse<T>, D = any>(config: AxiosRequestConfig<D>): Promise<R>;
        [name: string]: any;
    }
    const axios: AxiosInstance;
    export default axios;
}
