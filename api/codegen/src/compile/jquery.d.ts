// What generated clients use of the package jquery.
declare namespace JQuery {
    interface Promise<T = any, F = any, N = any> {
        then(done?: any, failed?: any, progress?: any): any;
        [name: string]: any;
    }
    interface Deferred<T = any, F = any, N = any> {
        resolve(...values: any[]): any;
        reject(...values: any[]): any;
        promise(): Promise<T, F, N>;
        [name: string]: any;
    }
}
interface JQueryXHR {
    status: number;
    statusText: string;
    responseText: string;
    responseJSON?: any;
    [name: string]: any;
}
interface JQueryAjaxSettings {
    [name: string]: any;
}
declare module "jquery" {
    export function ajax(settings: JQueryAjaxSettings): any;
    export function Deferred<T = any, F = any, N = any>(): JQuery.Deferred<T, F, N>;
    export function param(value: any, traditional?: boolean): string;
    export function extend(...values: any[]): any;
}
