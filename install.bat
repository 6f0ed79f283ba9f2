@echo off
rem Builds harness-tracing from this clone when needed and hands all arguments to it.
rem
rem   install.bat demo                 play a recorded session, print its trace
rem   install.bat claude [options]     install tracing for Claude Code
rem   install.bat uninstall            remove it again
rem
rem Needs Node 20 or newer with npm, or Bun. No administrator rights, no change of PATH.
setlocal
set "HERE=%~dp0"
set "PROGRAM=%HERE%dist\harness-tracing.exe"

if "%~1"=="" goto usage
if "%~1"=="-h" goto usage
if "%~1"=="--help" goto usage

rem Always built afresh: it takes a second once the packages are there.
pushd "%HERE%"
where npm >nul 2>nul
if not errorlevel 1 goto with_npm
where bun >nul 2>nul
if not errorlevel 1 goto with_bun
popd
echo Cannot build: this needs Node 20 or newer with npm (https://nodejs.org), or Bun (https://bun.sh). 1>&2
exit /b 1

:with_npm
call npm run --silent build 1>&2
goto built

:with_bun
call bun build/ensure.mjs 1>&2
if errorlevel 1 goto built
call bun build/build.ts 1>&2

:built
if errorlevel 1 goto failed
popd
set "HARNESS_TRACING_INSTALLER=%~f0"
for %%c in (demo install uninstall status doctor sessions show export flush config help) do if /i "%~1"=="%%c" goto command
"%PROGRAM%" install %*
exit /b %errorlevel%

:command
"%PROGRAM%" %*
exit /b %errorlevel%

:failed
popd
echo The build failed (see above). 1>&2
exit /b 1

:usage
echo Usage: install.bat demo ^| claude [options] ^| uninstall ^| ^<command^> --help
exit /b 2
